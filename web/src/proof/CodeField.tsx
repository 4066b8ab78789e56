interface CodeFieldProps {
  code: string;
  onType: (code: string) => void;
  isFirst?: boolean;
}

/** Where the code of an authenticator program is typed, or a recovery code. */
export function CodeField({ code, onType, isFirst = false }: CodeFieldProps) {
  return (
    <label>
      <span>
        Code <span className="quiet">from your authenticator program, or a recovery code</span>
      </span>
      <input
        value={code}
        onChange={(event) => onType(event.target.value)}
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={64}
        autoFocus={isFirst}
      />
    </label>
  );
}
