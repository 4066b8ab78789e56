import { useState } from "react";
import type { AuditEvent, Json } from "../api/types";
import { Inert } from "../components/Inert";
import { JsonBlock } from "../components/JsonBlock";
import { Moment } from "../components/Moment";
import { describeEvent } from "./auditSentence";

/** An audit event as a sentence; opened, the event as it is recorded. */
export function AuditLine({ event }: { event: AuditEvent }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <details onToggle={(change) => setIsOpen(change.currentTarget.open)}>
        <summary>
          <span className="quiet">
            {event.sequence} <Moment at={event.at} />
          </span>{" "}
          <Inert text={describeEvent(event)} staysCut />
          {event.reason && (
            <>
              {"; "}
              <q>
                <Inert text={event.reason} limit={160} staysCut />
              </q>
            </>
          )}
        </summary>
        {isOpen && <JsonBlock value={event as unknown as Json} label={`Event ${event.sequence}`} />}
      </details>
    </li>
  );
}
