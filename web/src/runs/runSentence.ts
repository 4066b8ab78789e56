import type { Run } from "../api/types";
import { formatDuration } from "../text/time";
import { namePrincipals } from "../text/words";

/** How a run stands, as one sentence. */
export function describeRun(run: Run, now: number): string {
  const name = run.playbook_name;
  const because = run.reason ? `: ${run.reason}` : "";
  const took = formatDuration(lengthOf(run, now));
  switch (run.status) {
    case "queued":
      return `${name} is about to start.`;
    case "running":
      return `${name} is running, for ${took} so far.`;
    case "waiting":
      return `${name} waits${run.waiting_for ? ` for ${namePrincipals(run.waiting_for)}` : ""}, ${took} after its start.`;
    case "succeeded":
      return `${name} succeeded after ${took}${because}.`;
    case "failed":
      return `${name} failed after ${took}${because}.`;
    case "denied":
      return `${name} was denied after ${took}${because}.`;
    case "cancelled":
      return `${name} was cancelled after ${took}${because}.`;
    case "rejected":
      return `${name} was not started${because}.`;
    case "timed_out":
      return `${name} ran out of time after ${took}${because}.`;
  }
}

/** Whether the run can still be cancelled. */
export function isOpen(run: Run): boolean {
  return run.status === "queued" || run.status === "running" || run.status === "waiting";
}

/** Whether the run can be tried again. */
export function isRetriable(run: Run): boolean {
  return (
    run.status === "failed" || run.status === "denied" || run.status === "cancelled" || run.status === "timed_out"
  );
}

function lengthOf(run: Run, now: number): number {
  const start = Date.parse(run.started_at ?? run.created_at);
  return (run.finished_at ? Date.parse(run.finished_at) : now) - start;
}
