import { useState, type FormEvent, type ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Problem } from "./Problem";

interface ReasonDialogProps {
  title: string;
  /** What will happen, and what will not. */
  children: ReactNode;
  /** The word on the button that does it. */
  action: string;
  command: {
    mutate: (reason: string, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: Error | null;
  };
  onClose: () => void;
}

/** Asks for a reason before something is changed; the reason goes into the audit record. */
export function ReasonDialog({ title, children, action, command, onClose }: ReasonDialogProps) {
  const [reason, setReason] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    command.mutate(reason.trim(), { onSuccess: onClose });
  }

  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <form onSubmit={submit}>
        <label>
          Reason, for the record
          <input value={reason} onChange={(event) => setReason(event.target.value)} required autoComplete="off" />
        </label>
        {command.error && <Problem error={command.error} />}
        <div className="buttons">
          <button type="submit" className="danger" disabled={command.isPending || !reason.trim()}>
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
