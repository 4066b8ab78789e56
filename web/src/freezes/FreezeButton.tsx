import { useState } from "react";
import { useFreeze } from "../api/commands";
import type { FreezeKind } from "../api/types";
import { FormDialog } from "../components/FormDialog";

const KINDS: readonly { kind: FreezeKind; said: string; example: string }[] = [
  { kind: "everything", said: "every write", example: "" },
  { kind: "action", said: "an action", example: "such as defender.isolate_machine" },
  { kind: "connector", said: "a connector", example: "such as defender" },
  { kind: "connection", said: "a connection", example: "such as corp-defender" },
];

/** Stops writes, after asking what and why. */
export function FreezeButton() {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <p>
      <button type="button" className="danger" onClick={() => setIsAsking(true)}>
        Freeze…
      </button>
      {isAsking && <FreezeDialog onClose={() => setIsAsking(false)} />}
    </p>
  );
}

function FreezeDialog({ onClose }: { onClose: () => void }) {
  const freeze = useFreeze();
  const [kind, setKind] = useState<FreezeKind>("everything");
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const hasName = kind !== "everything";

  function submit(): void {
    const wanted = { kind, reason: reason.trim(), ...(hasName ? { name: name.trim() } : {}) };
    freeze.mutate(wanted, { onSuccess: onClose });
  }

  return (
    <FormDialog
      title="Freeze writes?"
      action="Freeze"
      isDanger
      isComplete={reason.trim() !== "" && (!hasName || name.trim() !== "")}
      command={freeze}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>No process begins such a write any more. Steps that meet the freeze fail; two people let it go on.</p>
      <label>
        What stops
        <select value={kind} onChange={(event) => setKind(event.target.value as FreezeKind)}>
          {KINDS.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.said}
            </option>
          ))}
        </select>
      </label>
      {hasName && (
        <label>
          Which one, {KINDS.find((each) => each.kind === kind)?.example}
          <input value={name} onChange={(event) => setName(event.target.value)} required autoComplete="off" />
        </label>
      )}
      <label>
        Reason, for the record
        <input value={reason} onChange={(event) => setReason(event.target.value)} required autoComplete="off" />
      </label>
    </FormDialog>
  );
}
