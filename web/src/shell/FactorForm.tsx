import { useState, type FormEvent } from "react";
import type { Challenge, FactorKind, SecondFactor } from "../api/accountTypes";
import { Problem } from "../components/Problem";
import { CodeField } from "../proof/CodeField";
import { KeyButton } from "../proof/KeyButton";

interface FactorFormProps {
  kinds: readonly FactorKind[];
  ask: () => Promise<Challenge>;
  command: { isPending: boolean; error: Error | null };
  onSend: (factor: SecondFactor) => void;
  onStartOver: () => void;
}

/** The second half of a sign-in; a recovery code stands in for every factor. */
export function FactorForm({ kinds, ask, command, onSend, onStartOver }: FactorFormProps) {
  const [code, setCode] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    onSend({ code: code.trim() });
  }

  return (
    <form onSubmit={submit}>
      <CodeField code={code} onType={setCode} isFirst />
      {command.error && <Problem error={command.error} />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={command.isPending || !code.trim()}>
          {command.isPending ? "Signing in…" : "Sign in"}
        </button>
        {kinds.includes("webauthn") && <KeyButton ask={ask} onSigned={(assertion) => onSend({ assertion })} />}
        <button type="button" onClick={onStartOver}>
          Start over
        </button>
      </div>
    </form>
  );
}
