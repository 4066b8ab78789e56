import { useState } from "react";
import type { Json } from "../api/types";
import { cut, revealHidden } from "../text/inert";

const LIMIT = 4_000;

/** A value as indented JSON: as it was received, except that hidden characters are shown by their code points. */
export function JsonBlock({ value, label }: { value: Json; label: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const text = revealHidden(JSON.stringify(value, null, 2));
  const { shown, isCut } = cut(text, isWhole ? Infinity : LIMIT);
  return (
    <>
      <pre className="json" tabIndex={0} role="region" aria-label={label}>
        {shown}
        {isCut && "…"}
      </pre>
      {isCut && (
        <button type="button" className="link" onClick={() => setIsWhole(true)}>
          show all
        </button>
      )}
    </>
  );
}
