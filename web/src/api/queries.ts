import { useInfiniteQuery, useQuery, type QueryKey } from "@tanstack/react-query";
import { buildPath, request, setCsrfToken } from "./client";
import { ApiError } from "./error";
import type {
  ActiveResponse,
  Alert,
  AlertDetail,
  Approval,
  Freeze,
  Message,
  Now,
  Page,
  Run,
  RunDetail,
  Session,
} from "./types";

export const SESSION_KEY: QueryKey = ["session"];

/** Whether a query is about what the server knows, and not about who is signed in. */
export const isNotSession = (query: { queryKey: QueryKey }): boolean => query.queryKey[0] !== SESSION_KEY[0];

/** The session of this browser; null when nobody is signed in. */
export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: Infinity });
}

async function readSession(): Promise<Session | null> {
  try {
    return await openSession(request<Session>("GET", "/session"));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      return null;
    }
    throw error;
  }
}

/** Takes the CSRF token out of a session answer before anybody can use the session. */
export async function openSession(answer: Promise<Session>): Promise<Session> {
  const session = await answer;
  setCsrfToken(session.csrf);
  return session;
}

/** The name of the identity provider that people can sign in through; null where there is none. */
export function useSignOn() {
  return useQuery({
    queryKey: ["sign-on"],
    queryFn: () => request<{ name: string | null }>("GET", "/sign-on"),
    staleTime: Infinity,
  });
}

export function useNow() {
  return useQuery({ queryKey: ["now"], queryFn: () => request<Now>("GET", "/now") });
}

/** Alerts, newest first; `suppressed` is `true`, `false`, or empty for both. */
export function useAlerts(severity: string, suppressed: string) {
  return useList<Alert>(["alerts", "list", severity, suppressed], ["alerts"], { severity, suppressed });
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ["alerts", "one", id],
    queryFn: () => request<AlertDetail>("GET", buildPath(["alerts", id])),
  });
}

export function useRuns(status: string) {
  return useList<Run>(["runs", "list", status], ["runs"], { status });
}

export function useRun(id: string) {
  return useQuery({
    queryKey: ["runs", "one", id],
    queryFn: () => request<RunDetail>("GET", buildPath(["runs", id])),
  });
}

export function useApprovals(status: "pending" | "decided") {
  return useList<Approval>(["approvals", "list", status], ["approvals"], { status });
}

/** One approval by its id or its code. */
export function useApproval(id: string) {
  return useQuery({
    queryKey: ["approvals", "one", id],
    queryFn: () => request<Approval>("GET", buildPath(["approvals", id])),
  });
}

export function useResponses() {
  return useList<ActiveResponse>(["responses", "list"], ["responses"]);
}

export function useResponse(id: string) {
  return useQuery({
    queryKey: ["responses", "one", id],
    queryFn: () => request<ActiveResponse>("GET", buildPath(["responses", id])),
  });
}

export function useFreezes() {
  return useQuery({ queryKey: ["freezes"], queryFn: () => request<{ items: Freeze[] }>("GET", "/freeze") });
}

export function useChannels() {
  return useQuery({
    queryKey: ["messages", "channels"],
    queryFn: () => request<{ items: string[] }>("GET", "/messages/channels"),
  });
}

export function useMessages(channel: string) {
  return useList<Message>(["messages", "list", channel], ["messages"], { channel }, channel !== "");
}

/** A cursor list; its pages are joined, newest answers replace old ones. */
export function useList<Item>(
  key: QueryKey,
  segments: readonly string[],
  query: Record<string, string> = {},
  isEnabled = true,
) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      request<Page<Item>>("GET", buildPath(segments, { ...query, limit: "50", cursor: pageParam })),
    initialPageParam: "",
    getNextPageParam: (page: Page<Item>) => page.next,
    select: (data) => data.pages.flatMap((page) => page.items),
    enabled: isEnabled,
  });
}
