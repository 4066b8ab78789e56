import type { FormEvent, ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Problem } from "./Problem";

interface FormDialogProps {
  title: ReactNode;
  /** What is asked for, and what will happen. */
  children: ReactNode;
  /** The words on the button that does it. */
  action: string;
  isDanger?: boolean;
  /** Whether everything is there that it takes. */
  isComplete?: boolean;
  command: { isPending: boolean; error: Error | null };
  onSubmit: () => void;
  onClose: () => void;
}

/** Asks before something is changed; a refusal stands in place, and what was typed stays. */
export function FormDialog(props: FormDialogProps) {
  const { title, children, action, isDanger = false, isComplete = true, command, onSubmit, onClose } = props;

  function submit(event: FormEvent): void {
    event.preventDefault();
    onSubmit();
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {command.error && <Problem error={command.error} />}
        <div className="buttons">
          <button type="submit" className={isDanger ? "danger" : "primary"} disabled={command.isPending || !isComplete}>
            {action}
          </button>
          <button type="button" onClick={onClose}>
            Leave as it is
          </button>
        </div>
      </form>
    </Dialog>
  );
}
