import { buildPath, request } from "./client";
import type { ActiveResponse, Approval, Freeze, FreezeKind, Json, Run, VoteRequest } from "./types";
import { useChange } from "./useChange";

export function useVote(approval: string) {
  return useChange((vote: VoteRequest) => request<Approval>("POST", buildPath(["approvals", approval, "votes"]), vote));
}

export function useAnswer(approval: string) {
  return useChange((answers: Record<string, Json>) =>
    request<Approval>("POST", buildPath(["approvals", approval, "answers"]), { answers }),
  );
}

export function useCancelRun(run: string) {
  return useChange((reason: string) => request<Run>("POST", buildPath(["runs", run, "cancel"]), { reason }));
}

/** Starts a new run in the place of one that did not end well. */
export function useRetryRun(run: string) {
  return useChange((wanted: { from: string | null; accept_unknown: string | null }) =>
    request<Run>("POST", buildPath(["runs", run, "retry"]), wanted),
  );
}

export interface Settling {
  step: string;
  finding: "happened" | "did_not" | "again";
  reason: string;
  output: Json;
}

/** Says what a call did of which nobody knows. */
export function useSettleOutcome(run: string) {
  return useChange((wanted: Settling) => request<Run>("POST", buildPath(["runs", run, "settle"]), wanted));
}

/** Lifts all active responses of the run, newest first. */
export function useUndoRun(run: string) {
  return useChange(() => request<{ responses: ActiveResponse[] }>("POST", buildPath(["runs", run, "undo"]), {}));
}

export function useLiftResponse(response: string) {
  return useChange((reason: string) =>
    request<ActiveResponse>("POST", buildPath(["responses", response, "lift"]), { reason }),
  );
}

/** Lets a change stand longer. */
export function useExtendResponse(response: string) {
  return useChange((wanted: { by: string; reason: string }) =>
    request<ActiveResponse>("POST", buildPath(["responses", response, "extend"]), wanted),
  );
}

/** Lets a change stand until somebody lifts it. */
export function useKeepResponse(response: string) {
  return useChange((reason: string) =>
    request<ActiveResponse>("POST", buildPath(["responses", response, "keep"]), { reason }),
  );
}

/** Has a run look whether a change is still there. */
export function useCheckResponse(response: string) {
  return useChange(() => request<ActiveResponse>("POST", buildPath(["responses", response, "check"]), {}));
}

export function useFreeze() {
  return useChange((wanted: { kind: FreezeKind; reason: string; name?: string }) =>
    request<Freeze>("POST", "/freeze", wanted),
  );
}

/** Asks to lift a freeze; the second person who asks lifts it. */
export function useLiftFreeze(freeze: string) {
  return useChange((reason: string) =>
    request<{ freeze: Freeze; is_lifted: boolean }>("POST", buildPath(["freeze", freeze, "lift"]), { reason }),
  );
}
