import { useState } from "react";
import { useKeepResponse } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { ReasonDialog } from "../components/ReasonDialog";
import { useMay } from "../shell/SessionContext";

/** Takes the end from a change, after asking why; nothing where it has none. */
export function KeepButton({ response }: { response: ActiveResponse }) {
  const [isAsking, setIsAsking] = useState(false);
  const keep = useKeepResponse(response.id);
  const mayKeep = useMay("response:keep");
  if (!mayKeep || (!response.expires_at && response.status === "active")) {
    return null;
  }
  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        Keep…
      </button>
      {isAsking && (
        <ReasonDialog title={`Keep ${response.id}?`} action="Keep" command={keep} onClose={() => setIsAsking(false)}>
          <p>It stands until somebody lifts it; no timer ends it any more.</p>
        </ReasonDialog>
      )}
    </>
  );
}
