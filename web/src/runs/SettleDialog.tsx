import { useState, type FormEvent } from "react";
import { useSettleOutcome, type Settling } from "../api/commands";
import type { Json } from "../api/types";
import { Dialog } from "../components/Dialog";
import { Inert } from "../components/Inert";
import { Problem } from "../components/Problem";
import type { Doubtful } from "./doubts";

interface SettleDialogProps {
  run: string;
  doubtful: Doubtful;
  onClose: () => void;
}

const FINDINGS: Record<Settling["finding"], string> = {
  happened: "It happened",
  did_not: "It did not happen: the step fails",
  again: "It did not happen: try it again",
};

/** Asks what a call did of which nobody knows. */
export function SettleDialog({ run, doubtful, onClose }: SettleDialogProps) {
  const settle = useSettleOutcome(run);
  const [finding, setFinding] = useState<Settling["finding"]>("happened");
  const [reason, setReason] = useState("");
  const [output, setOutput] = useState("");
  const [fault, setFault] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    let given: Json = null;
    try {
      given = finding === "happened" && output.trim() ? (JSON.parse(output) as Json) : null;
    } catch {
      setFault("The output is no JSON.");
      return;
    }
    setFault("");
    settle.mutate({ step: doubtful.path, finding, reason: reason.trim(), output: given }, { onSuccess: onClose });
  }

  return (
    <Dialog title={`What did ${doubtful.label} do?`} onClose={onClose}>
      <p>
        <Inert text={doubtful.doubt.message} />. Look in the product itself. What you say is believed, and goes into the
        record.
      </p>
      <form onSubmit={submit}>
        <fieldset>
          <legend>What you found</legend>
          {(Object.keys(FINDINGS) as Settling["finding"][]).map((each) => (
            <label key={each}>
              <input type="radio" name="finding" checked={finding === each} onChange={() => setFinding(each)} />{" "}
              {FINDINGS[each]}
            </label>
          ))}
        </fieldset>
        {finding === "happened" && (
          <label>
            What it would have answered, as JSON, if later steps or the way back need it
            <textarea value={output} rows={3} onChange={(event) => setOutput(event.target.value)} />
          </label>
        )}
        <label>
          How you know
          <input value={reason} required onChange={(event) => setReason(event.target.value)} autoComplete="off" />
        </label>
        {fault && <p role="alert">{fault}</p>}
        {settle.error && <Problem error={settle.error} />}
        <div className="buttons">
          <button type="submit" disabled={settle.isPending}>
            Say so
          </button>
          <button type="button" onClick={onClose}>
            Leave it open
          </button>
        </div>
      </form>
    </Dialog>
  );
}
