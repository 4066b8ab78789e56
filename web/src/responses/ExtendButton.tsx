import { useState } from "react";
import { useExtendResponse } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { FormDialog } from "../components/FormDialog";
import { useMay } from "../shell/SessionContext";

/** Lets a change that has an end stand longer, after asking how long and why. */
export function ExtendButton({ response }: { response: ActiveResponse }) {
  const [isAsking, setIsAsking] = useState(false);
  const mayExtend = useMay("response:extend");
  if (!mayExtend || !response.expires_at) {
    return null;
  }
  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        Extend…
      </button>
      {isAsking && <ExtendDialog response={response} onClose={() => setIsAsking(false)} />}
    </>
  );
}

function ExtendDialog({ response, onClose }: { response: ActiveResponse; onClose: () => void }) {
  const extend = useExtendResponse(response.id);
  const [by, setBy] = useState("4h");
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={`Let ${response.id} stand longer?`}
      action="Extend"
      isComplete={by.trim() !== "" && reason.trim() !== ""}
      command={extend}
      onSubmit={() => extend.mutate({ by: by.trim(), reason: reason.trim() }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>The time counts from its end, or from now if that has passed.</p>
      <label>
        How much longer, such as 4h or 2d
        <input value={by} onChange={(event) => setBy(event.target.value)} required autoComplete="off" />
      </label>
      <label>
        Reason, for the record
        <input value={reason} onChange={(event) => setReason(event.target.value)} required autoComplete="off" />
      </label>
    </FormDialog>
  );
}
