import { useMutation, useQueryClient } from "@tanstack/react-query";
import { buildPath, request } from "./client";
import { isNotSession, openSession, SESSION_KEY } from "./queries";
import type { ActiveResponse, Approval, AuditVerdict, Json, Run, Session, VoteRequest } from "./types";

/** Signs in; everything read before belongs to somebody else and is forgotten. */
export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    meta: { isSignIn: true },
    mutationFn: (given: { name: string; password: string }) => openSession(request<Session>("POST", "/session", given)),
    onSuccess: (session) => {
      queries.removeQueries({ predicate: isNotSession });
      queries.setQueryData(SESSION_KEY, session);
    },
  });
}

/** Ends the session. Who came through the identity provider goes there to end theirs; others see the sign-in. */
export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => request<{ url: string | null }>("POST", "/sign-on/end", {}),
    onSuccess: ({ url }) => {
      queries.setQueryData(SESSION_KEY, null);
      if (url !== null) {
        window.location.assign(url);
      }
    },
  });
}

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

/** Lifts all active responses of the run, newest first. */
export function useUndoRun(run: string) {
  return useChange(() => request<{ responses: ActiveResponse[] }>("POST", buildPath(["runs", run, "undo"]), {}));
}

export function useLiftResponse(response: string) {
  return useChange((reason: string) =>
    request<ActiveResponse>("POST", buildPath(["responses", response, "lift"]), { reason }),
  );
}

export function useVerifyAudit() {
  return useMutation({ mutationFn: () => request<AuditVerdict>("POST", "/audit/verify", {}) });
}

/** A command that changes something; whether taken or refused, what is shown is asked for again. */
function useChange<Given, Answer>(send: (given: Given) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSettled: () => {
      void queries.invalidateQueries({ predicate: isNotSession });
    },
  });
}
