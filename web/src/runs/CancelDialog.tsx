import { useCancelRun } from "../api/commands";
import { ReasonDialog } from "../components/ReasonDialog";
import { countOf } from "../text/words";

interface CancelDialogProps {
  run: string;
  /** Number of active responses that cancelling leaves as they are. */
  held: number;
  onClose: () => void;
}

export function CancelDialog({ run, held, onClose }: CancelDialogProps) {
  const cancel = useCancelRun(run);
  return (
    <ReasonDialog title={`Cancel ${run}?`} action="Cancel the run" command={cancel} onClose={onClose}>
      <p>
        No further step is started, and open approvals of this run are closed. What has been done stays done,
        unless the playbook rolls back
        {held > 0 && `: ${countOf(held, "active response")} can be lifted with Undo…`}.
      </p>
    </ReasonDialog>
  );
}
