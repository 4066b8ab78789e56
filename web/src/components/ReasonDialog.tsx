import { useState, type ReactNode } from "react";
import { FormDialog } from "./FormDialog";

interface ReasonDialogProps {
  title: ReactNode;
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
  return (
    <FormDialog
      title={title}
      action={action}
      isDanger
      isComplete={reason.trim() !== ""}
      command={command}
      onSubmit={() => command.mutate(reason.trim(), { onSuccess: onClose })}
      onClose={onClose}
    >
      {children}
      <label>
        Reason, for the record
        <input value={reason} onChange={(event) => setReason(event.target.value)} required autoComplete="off" />
      </label>
    </FormDialog>
  );
}
