import { buildPath } from "../api/client";

/** Where people go to sign in through the identity provider; they come back to the page they are on. */
export function signOnPath({ isFresh = false } = {}): string {
  const to = window.location.pathname + window.location.search;
  return buildPath(["login", "sso", "start"], { to, fresh: isFresh ? "true" : undefined });
}
