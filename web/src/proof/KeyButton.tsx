import { useState } from "react";
import type { Challenge } from "../api/accountTypes";
import type { Json } from "../api/types";
import { Problem } from "../components/Problem";
import { hasKeys, signWithKey } from "./passkey";

interface KeyButtonProps {
  /** Asks the server for what is to be signed: each challenge counts once. */
  ask: () => Promise<Challenge>;
  onSigned: (assertion: Json) => void;
}

/** Proves who somebody is with their security key. */
export function KeyButton({ ask, onSigned }: KeyButtonProps) {
  const [error, setError] = useState<Error | null>(null);
  const [isAsking, setIsAsking] = useState(false);

  async function sign(): Promise<void> {
    setIsAsking(true);
    setError(null);
    try {
      onSigned(await signWithKey((await ask()).passkey));
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setIsAsking(false);
    }
  }

  if (!hasKeys()) {
    return <p className="quiet">This browser cannot use your security key at this address.</p>;
  }
  return (
    <>
      <button type="button" disabled={isAsking} onClick={() => void sign()}>
        {isAsking ? "Touch your key…" : "Use a security key"}
      </button>
      {error && <Problem error={error} />}
    </>
  );
}
