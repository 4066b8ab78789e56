import { ApiError } from "./error";
import type { Problem } from "./types";

const BASE = "/api/v1";

type Method = "GET" | "POST" | "PUT" | "DELETE";

let csrfToken = "";

/** Remembers the token that every changing request of this session must carry. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/**
 * Asks the API and returns the decoded answer, or undefined for 204.
 *
 * @throws ApiError for every answer that is not 2xx, and with status 0 when no answer came.
 */
export async function request<Answer>(method: Method, path: string, body?: unknown): Promise<Answer> {
  const headers = new Headers({ Accept: "application/json" });
  if (body !== undefined) {
    headers.set("Content-Type", "application/json");
  }
  if (method !== "GET" && csrfToken) {
    headers.set("X-CSRF-Token", csrfToken);
  }
  const response = await send(method, path, {
    method,
    headers,
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw new ApiError(await readProblem(response));
  }
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** Joins path segments and query values, each percent-encoded; empty query values are left out. */
export function buildPath(segments: readonly string[], query: Record<string, string | undefined> = {}): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value) {
      search.set(name, value);
    }
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function send(method: Method, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, init);
  } catch {
    const detail =
      method === "GET"
        ? "The server does not answer."
        : "The server did not answer, so it is not known whether it took this request.";
    const hint = method === "GET" ? "" : "Look at the state before you repeat it.";
    throw new ApiError({ status: 0, code: "no_answer", title: "No answer", detail, hint });
  }
}

async function readProblem(response: Response): Promise<Partial<Problem> & { status: number }> {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (!isProblem) {
    return { status: response.status, title: response.statusText };
  }
  const problem = (await response.json()) as Problem;
  return { ...problem, status: response.status };
}
