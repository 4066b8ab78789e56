import { useState } from "react";
import { useProofOf } from "../api/auditQueries";
import type { AuditEvent } from "../api/auditTypes";
import { Inert } from "../components/Inert";
import { JsonBlock } from "../components/JsonBlock";
import { Moment } from "../components/Moment";
import { Problem } from "../components/Problem";
import { saveFile } from "./saveFile";

/** An audit event as a sentence; opened, the event as it is recorded, and the way to its proof. */
export function AuditLine({ event }: { event: AuditEvent }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <details onToggle={(change) => setIsOpen(change.currentTarget.open)}>
        <summary>
          <span className="quiet">
            {event.sequence} <Moment at={event.at} />
          </span>{" "}
          <Inert text={event.sentence} limit={260} staysCut />
        </summary>
        {isOpen && <Recorded event={event} />}
      </details>
    </li>
  );
}

function Recorded({ event: { sentence: _, ...recorded } }: { event: AuditEvent }) {
  const { sequence } = recorded;
  const proof = useProofOf(sequence);
  return (
    <>
      <JsonBlock value={recorded} label={`Event ${sequence}`} />
      <button
        type="button"
        className="small"
        disabled={proof.isPending}
        onClick={() =>
          proof.mutate(undefined, { onSuccess: (found) => saveFile(`event-${sequence}.tlog-proof`, found.proof) })
        }
      >
        Download the proof<span className="unseen"> of event {sequence}</span>
      </button>
      {proof.error && <Problem error={proof.error} />}
    </>
  );
}
