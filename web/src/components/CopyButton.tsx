import { useState } from "react";

type Outcome = "idle" | "copied" | "refused";

const LABELS: Record<Outcome, string> = {
  idle: "Copy",
  copied: "Copied",
  refused: "Select and copy by hand",
};

/** Copies text to the clipboard and says whether that worked; browsers refuse it on insecure pages. */
export function CopyButton({ text }: { text: string }) {
  const [outcome, setOutcome] = useState<Outcome>("idle");

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("refused");
    }
  }

  return (
    <button type="button" className="small" onClick={() => void copy()}>
      <span role="status">{LABELS[outcome]}</span>
    </button>
  );
}
