import { useState } from "react";
import { useRevokeStanding, type StandingApproval } from "../api/standing";
import { ReasonDialog } from "../components/ReasonDialog";
import { useMay } from "../shell/SessionContext";

/** Ends a standing approval, or a proposal, that is open before its time. */
export function RevokeButton({ standing }: { standing: StandingApproval }) {
  const [isAsking, setIsAsking] = useState(false);
  const revoke = useRevokeStanding(standing.id);
  const mayRevoke = useMay("freeze:write");
  if (!mayRevoke) {
    return null;
  }
  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        Revoke…
        <span className="unseen"> {standing.id}</span>
      </button>
      {isAsking && (
        <ReasonDialog
          title="Ask people again?"
          action="Revoke it"
          command={revoke}
          onClose={() => setIsAsking(false)}
        >
          <p>
            From now on people are asked before <code>{standing.action}</code>. What it has approved and has not begun yet
            is not done.
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
