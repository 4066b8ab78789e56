/** What acts without a person: the reader's own tokens, and those of a program. */
import { useQuery } from "@tanstack/react-query";
import type { Token, TokenMade, TokenWanted } from "./accountTypes";
import { buildPath, request } from "./client";
import type { Page } from "./types";
import { useChange } from "./useChange";

/** Whose tokens: a program's, by its id, or the reader's own. */
export type TokenOwner = { program: string } | "me";

const findSegments = (owner: TokenOwner) => (owner === "me" ? ["tokens"] : ["users", owner.program, "tokens"]);

export function useTokens(owner: TokenOwner) {
  const segments = findSegments(owner);
  return useQuery({
    queryKey: ["tokens", ...segments],
    queryFn: () => request<Page<Token>>("GET", buildPath(segments)),
  });
}

export function useMakeToken(owner: TokenOwner) {
  return useChange((wanted: TokenWanted) => request<TokenMade>("POST", buildPath(findSegments(owner)), wanted));
}

export function useRevokeToken(owner: TokenOwner, id: string) {
  return useChange(() => request<void>("DELETE", buildPath([...findSegments(owner), id])));
}
