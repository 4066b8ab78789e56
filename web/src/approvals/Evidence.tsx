import { useState } from "react";
import type { Card } from "../api/types";
import { Inert } from "../components/Inert";

/** Lines shown before a reader asks for the rest. */
const LINES = 5;

/** Code points of a line shown before a reader asks for the rest; on a phone that is four lines. */
const LIMIT = 160;

/** What the author holds up as evidence: often the attacker's own words, so each stands quoted and inert. */
export function Evidence({ evidence }: { evidence: Card["evidence"] }) {
  const [isWhole, setIsWhole] = useState(false);
  if (evidence.length === 0) {
    return null;
  }
  const shown = isWhole ? evidence : evidence.slice(0, LINES);
  return (
    <div className="evidence">
      <h4>Evidence</h4>
      <ul>
        {shown.map(({ label, text }, index) => (
          <li key={index}>
            <Inert text={label} limit={60} />:{" "}
            <q>
              <Inert text={text} limit={LIMIT} />
            </q>
          </li>
        ))}
      </ul>
      {shown.length < evidence.length && (
        <button type="button" className="link" onClick={() => setIsWhole(true)}>
          show all {evidence.length}
        </button>
      )}
    </div>
  );
}
