import { useState, type ReactNode } from "react";
import { FormDialog } from "./FormDialog";

interface ConfirmButtonProps {
  /** The words on the button that asks, such as `Revoke…`. */
  label: string;
  /** Which thing it is about, for those who hear the button alone. */
  of: string;
  title: ReactNode;
  /** What will happen, and what will not. */
  children: ReactNode;
  /** The words on the button that does it. */
  action: string;
  command: {
    mutate: (given: void, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: Error | null;
    reset: () => void;
  };
}

/** Does something that cannot be taken back, after asking. */
export function ConfirmButton({ label, of, title, children, action, command }: ConfirmButtonProps) {
  const [isAsking, setIsAsking] = useState(false);

  function close(): void {
    setIsAsking(false);
    command.reset();
  }

  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        {label}
        <span className="unseen"> {of}</span>
      </button>
      {isAsking && (
        <FormDialog
          title={title}
          action={action}
          isDanger
          command={command}
          onSubmit={() => command.mutate(undefined, { onSuccess: close })}
          onClose={close}
        >
          {children}
        </FormDialog>
      )}
    </>
  );
}
