import { useState } from "react";
import { useLiftResponse } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { ReasonDialog } from "../components/ReasonDialog";
import { Targets } from "../components/Targets";
import { isStanding } from "./sighting";
import { useMay } from "../shell/SessionContext";

/** Takes an active response back, after asking; nothing where nothing can be taken back, or not by the reader. */
export function LiftButton({ response }: { response: ActiveResponse }) {
  const [isAsking, setIsAsking] = useState(false);
  const lift = useLiftResponse(response.id);
  const mayLift = useMay("response:lift");
  if (!mayLift || !isStanding(response)) {
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
            <code>{response.action}</code> is taken back on <Targets targets={response.targets} />.
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
