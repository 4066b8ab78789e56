import type { FormEvent } from "react";
import type { Credentials } from "../api/accountTypes";
import { Problem } from "../components/Problem";

interface PasswordFormProps {
  given: Credentials;
  onChange: (given: Credentials) => void;
  command: { isPending: boolean; error: Error | null };
  onSend: () => void;
}

export function PasswordForm({ given, onChange, command, onSend }: PasswordFormProps) {
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSend();
  }

  return (
    <form onSubmit={submit}>
      <label>
        Name
        <input
          value={given.name}
          onChange={(event) => onChange({ ...given, name: event.target.value })}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
        />
      </label>
      <label>
        Password
        <input
          type="password"
          value={given.password}
          onChange={(event) => onChange({ ...given, password: event.target.value })}
          autoComplete="current-password"
          required
        />
      </label>
      {command.error && <Problem error={command.error} />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={command.isPending}>
          {command.isPending ? "Signing in…" : "Sign in"}
        </button>
      </div>
    </form>
  );
}
