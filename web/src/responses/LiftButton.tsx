import { useState } from "react";
import { useLiftResponse } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { Inert } from "../components/Inert";
import { ReasonDialog } from "../components/ReasonDialog";

/** Takes an active response back, after asking; nothing where there is nothing to take back. */
export function LiftButton({ response }: { response: ActiveResponse }) {
  const [isAsking, setIsAsking] = useState(false);
  const lift = useLiftResponse(response.id);
  if (response.status !== "active" && response.status !== "overdue") {
    return null;
  }
  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        Lift now…<span className="unseen"> {response.id}</span>
      </button>
      {isAsking && (
        <ReasonDialog
          title={`Lift ${response.id}?`}
          action="Lift now"
          command={lift}
          onClose={() => setIsAsking(false)}
        >
          <p>
            <code>{response.action}</code> is taken back on <Inert text={response.targets.join(", ")} />.
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
