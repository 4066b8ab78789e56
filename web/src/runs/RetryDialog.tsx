import { useState, type FormEvent } from "react";
import { useRetryRun } from "../api/commands";
import type { RunDetail } from "../api/types";
import { Dialog } from "../components/Dialog";
import { Problem } from "../components/Problem";
import { navigate } from "../router/location";
import { runPath } from "../router/paths";

interface RetryDialogProps {
  run: RunDetail;
  onClose: () => void;
}

/** Asks from which step on a run is tried again, and shows the new one. */
export function RetryDialog({ run, onClose }: RetryDialogProps) {
  const retry = useRetryRun(run.id);
  const [from, setFrom] = useState("");
  const [finding, setFinding] = useState("");
  const steps = run.steps.filter((step) => step.depth === 0 && !step.is_handler);

  function submit(event: FormEvent): void {
    event.preventDefault();
    retry.mutate(
      { from: from || null, accept_unknown: finding.trim() || null },
      { onSuccess: (again) => navigate(runPath(again.id)) },
    );
  }

  return (
    <Dialog title={`Try ${run.id} again?`} onClose={onClose}>
      <p>
        A new run begins at the step, with what the steps before it came to. Every gate from there on is asked again.
        What this run did stays its own.
      </p>
      <form onSubmit={submit}>
        <label>
          Begin at
          <select value={from} onChange={(event) => setFrom(event.target.value)}>
            <option value="">the first step that is not done</option>
            {steps.map((step) => (
              <option key={step.path} value={step.path}>
                {step.label}
              </option>
            ))}
          </select>
        </label>
        <label>
          What you found out about unknown outcomes, if there are any
          <input value={finding} onChange={(event) => setFinding(event.target.value)} autoComplete="off" />
        </label>
        {retry.error && <Problem error={retry.error} />}
        <div className="buttons">
          <button type="submit" disabled={retry.isPending}>
            Try again
          </button>
          <button type="button" onClick={onClose}>
            Leave as it is
          </button>
        </div>
      </form>
    </Dialog>
  );
}
