import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Challenge, Credentials, SecondFactor } from "./accountTypes";
import { request } from "./client";
import { isNotSession, openSession, SESSION_KEY } from "./queries";
import type { Session } from "./types";

/** Signs in; everything read before belongs to somebody else and is forgotten. */
export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    meta: { isSignIn: true },
    mutationFn: (given: Credentials & SecondFactor) => openSession(request<Session>("POST", "/session", given)),
    onSuccess: (session) => {
      queries.removeQueries({ predicate: isNotSession });
      queries.setQueryData(SESSION_KEY, session);
    },
  });
}

/** Asks which second factors count for a sign-in; a security key signs each challenge once. */
export function challengeSignIn(given: Credentials): Promise<Challenge> {
  return request<Challenge>("POST", "/session/challenge", given);
}

/** Sets the password of somebody who was invited. */
export function useJoin() {
  return useMutation({
    meta: { isSignIn: true },
    mutationFn: (given: { code: string; password: string }) => request<{ name: string }>("POST", "/invitations", given),
  });
}

/** Proves again who one is. The session goes on under a new cookie, and a new token against forged requests. */
export function useStepUp() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (given: { password?: string } & SecondFactor) =>
      openSession(request<Session>("POST", "/session/step-up", given)),
    onSuccess: (session) => queries.setQueryData(SESSION_KEY, session),
  });
}

/** The same for a proof by somebody who is signed in. */
export function challengeStepUp(): Promise<Challenge> {
  return request<Challenge>("POST", "/session/step-up/challenge", {});
}

/** Which second factors the reader has. */
export function useStepUpChallenge() {
  return useQuery({ queryKey: [...SESSION_KEY, "challenge"], queryFn: challengeStepUp, staleTime: Infinity, gcTime: 0 });
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
