import type { ReactNode } from "react";
import { CopyButton } from "./CopyButton";

interface ShownOnceProps {
  /** What it is, for a screen reader. */
  label: string;
  text: string;
  /** What to do with it now. */
  children: ReactNode;
}

/** A secret that nobody can ask for a second time. */
export function ShownOnce({ label, text, children }: ShownOnceProps) {
  return (
    <div className="shown-once">
      {children}
      <pre className="secret" tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
