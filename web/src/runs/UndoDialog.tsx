import { useUndoRun } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { Dialog } from "../components/Dialog";
import { Problem } from "../components/Problem";
import { Targets } from "../components/Targets";
import { countOf } from "../text/words";

interface UndoDialogProps {
  run: string;
  held: readonly ActiveResponse[];
  onClose: () => void;
}

/** Asks before everything that a run holds is taken back. */
export function UndoDialog({ run, held, onClose }: UndoDialogProps) {
  const undo = useUndoRun(run);
  return (
    <Dialog title={`Take back what ${run} did?`} onClose={onClose}>
      <p>{countOf(held.length, "active response")} will be lifted, newest first:</p>
      <ul>
        {held.map((response) => (
          <li key={response.id}>
            {response.action} on <Targets targets={response.targets} />
          </li>
        ))}
      </ul>
      {undo.error && <Problem error={undo.error} />}
      <div className="buttons">
        <button
          type="button"
          className="danger"
          disabled={undo.isPending}
          onClick={() => undo.mutate(undefined, { onSuccess: onClose })}
        >
          Lift {countOf(held.length, "active response")}
        </button>
        <button type="button" onClick={onClose}>
          Leave as it is
        </button>
      </div>
    </Dialog>
  );
}
