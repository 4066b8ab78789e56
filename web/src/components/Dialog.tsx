import { useEffect, useId, useRef, type ReactNode } from "react";

interface DialogProps {
  title: ReactNode;
  /** Whether it stands at the side of a wide window, so that what it is about can be read beside it. */
  isBeside?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog: the browser keeps the focus inside and closes it on Escape. */
export function Dialog({ title, isBeside = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const opener = document.activeElement;
    const dialog = element.current;
    if (!dialog?.open) {
      dialog?.showModal();
    }
    // Never on a button: Enter out of habit must do nothing.
    const start = dialog?.querySelector<HTMLElement>("input, textarea") ?? dialog?.querySelector("h2");
    start?.focus();
    return () => {
      if (opener instanceof HTMLElement) {
        opener.focus();
      }
    };
  }, []);

  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      className={isBeside ? "beside" : undefined}
      onClose={onClose}
    >
      <h2 id={titleId} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}
