import { useState } from "react";
import { useLiftFreeze } from "../api/commands";
import type { Freeze } from "../api/types";
import { ReasonDialog } from "../components/ReasonDialog";
import { useCurrentSession } from "../shell/SessionContext";
import { nameFreeze } from "./nameFreeze";

/** Asks to lift a freeze, or signs what somebody else has asked for. */
export function LiftFreezeButton({ freeze }: { freeze: Freeze }) {
  const [isAsking, setIsAsking] = useState(false);
  const lift = useLiftFreeze(freeze.id);
  const { user } = useCurrentSession();
  if (freeze.lift_asked_by === user.id) {
    return <span className="quiet">somebody else has to sign</span>;
  }
  const isSigning = freeze.lift_asked_by !== null;
  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        {isSigning ? "Sign the lift…" : "Ask to lift…"}
        <span className="unseen"> {nameFreeze(freeze)}</span>
      </button>
      {isAsking && (
        <ReasonDialog
          title={isSigning ? `Let ${nameFreeze(freeze)} go on?` : `Ask to let ${nameFreeze(freeze)} go on?`}
          action={isSigning ? "Sign and lift" : "Ask"}
          command={lift}
          onClose={() => setIsAsking(false)}
        >
          <p>
            {isSigning
              ? "Yours is the second word: from now on such writes are begun again."
              : "Nothing changes until a second person signs."}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
