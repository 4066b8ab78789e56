import { useState, type FormEvent } from "react";
import type { SecondFactor } from "../api/accountTypes";
import { useSignOn } from "../api/queries";
import { challengeStepUp, useStepUp, useStepUpChallenge } from "../api/session";
import { Dialog } from "../components/Dialog";
import { Problem } from "../components/Problem";
import { signOnPath } from "../shell/signOnPath";
import { CodeField } from "./CodeField";
import { KeyButton } from "./KeyButton";

/** Asks for password and code, or a security key. What was about to be sent waits, and is sent afterwards. */
export function ProofDialog({ onEnd }: { onEnd: (isProved: boolean) => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const stepUp = useStepUp();
  const challenge = useStepUpChallenge();
  const provider = useSignOn().data?.name;
  const hasFactor = (challenge.data?.kinds.length ?? 0) > 0;

  function prove(given: { password?: string } & SecondFactor): void {
    stepUp.mutate(given, { onSuccess: () => onEnd(true) });
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    prove(code.trim() ? { password, code: code.trim() } : { password });
  }

  return (
    <Dialog title="Prove that it is you" onClose={() => onEnd(false)}>
      <p>This wants a proof of who you are that is no older than five minutes. Nothing has been done yet.</p>
      <form onSubmit={submit}>
        <label>
          Password
          <input
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        </label>
        {hasFactor && <CodeField code={code} onType={setCode} />}
        {challenge.error && <Problem error={challenge.error} />}
        {stepUp.error && <Problem error={stepUp.error} />}
        <div className="buttons">
          <button type="submit" className="primary" disabled={stepUp.isPending || !challenge.data}>
            Prove it, and go on
          </button>
          {challenge.data?.kinds.includes("webauthn") && (
            <KeyButton ask={challengeStepUp} onSigned={(assertion) => prove({ assertion })} />
          )}
          <button type="button" onClick={() => onEnd(false)}>
            Do nothing
          </button>
        </div>
      </form>
      {provider && (
        <p>
          Without a password here: <a href={signOnPath({ isFresh: true })}>prove it at {provider}</a>, then begin again.
        </p>
      )}
    </Dialog>
  );
}
