import { vi } from "vitest";
import type { Json } from "../src/api/types";

export interface Sent {
  method: string;
  path: string;
  csrf: string | null;
  body: Json;
}

export type Answer = { status: number; body: unknown };

/**
 * Stands in for the server at the wire: answers by method and path, and remembers what was sent.
 *
 * Several answers are given one after the other, the last of them from then on.
 */
export function answerWith(answers: Record<string, Answer | Answer[]>): Sent[] {
  const sent: Sent[] = [];
  const left = Object.fromEntries(Object.entries(answers).map(([asked, given]) => [asked, [given].flat()]));
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const method = init.method ?? "GET";
    const path = url.replace(/^\/api\/v1/, "").split("?")[0] ?? "";
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Json) : null;
    sent.push({ method, path, csrf: new Headers(init.headers).get("X-CSRF-Token"), body });
    const given = left[`${method} ${path}`] ?? [];
    const answer = given.length > 1 ? given.shift() : given[0];
    if (!answer) {
      return Promise.reject(new TypeError("connection refused"));
    }
    const type = answer.status < 400 ? "application/json" : "application/problem+json";
    const text = answer.status === 204 ? null : JSON.stringify(answer.body);
    return Promise.resolve(new Response(text, { status: answer.status, headers: { "Content-Type": type } }));
  });
  return sent;
}

/** A problem document as the server writes it. */
export function problem(status: number, detail: string, hint = "", code = "some_code"): Answer {
  return { status, body: { type: "about:blank", title: "", status, detail, code, hint, errors: [] } };
}
