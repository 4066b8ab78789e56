import { useState } from "react";
import { cut, inert } from "../text/inert";

/** Code points shown before a reader asks for the rest. */
const LIMIT = 300;

interface InertProps {
  text: string;
  limit?: number;
  /** Whether cut text stays cut: within links, buttons and summaries, which cannot hold a button. */
  staysCut?: boolean;
  /** Whether line breaks stay line breaks; otherwise each is shown as `↵`, so that text cannot start a line. */
  keepsLines?: boolean;
}

/** Text that an attacker may have written: no markup, no links, nothing hidden, and not longer than it should be. */
export function Inert({ text, limit = LIMIT, staysCut = false, keepsLines = false }: InertProps) {
  const [isWhole, setIsWhole] = useState(false);
  const safe = inert(text);
  const flat = keepsLines ? safe : safe.replace(/\n/g, " ↵ ").replace(/\t/g, " ");
  const { shown, isCut } = cut(flat, isWhole ? Infinity : limit);
  return (
    <>
      <bdi className={keepsLines ? "inert inert-lines" : "inert"}>{shown}</bdi>
      {isCut && "… "}
      {isCut && !staysCut && (
        <button type="button" className="link" onClick={() => setIsWhole(true)}>
          show all
        </button>
      )}
    </>
  );
}
