/** What people ask and change about themselves. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Access, FactorAdded, Factors, Login, Roles, TotpOffer } from "./accountTypes";
import { buildPath, request } from "./client";
import { SESSION_KEY } from "./queries";
import type { Json, Page } from "./types";
import { useChange } from "./useChange";

export function useFactors() {
  return useQuery({ queryKey: ["factors"], queryFn: () => request<Factors>("GET", "/factors") });
}

/** Begins to add an authenticator program; it counts after its first code. */
export function useBeginTotp() {
  return useChange((name: string) => request<TotpOffer>("POST", "/factors/totp", { name }));
}

export function useConfirmTotp(id: string) {
  return useChange((code: string) => request<FactorAdded>("POST", buildPath(["factors", "totp", id]), { code }));
}

/** Adds a security key; `sign` lets it make a key pair from what the server offers. */
export function useAddKey(sign: (options: Json) => Promise<Json>) {
  return useChange(async (name: string) => {
    const { options } = await request<{ options: Json }>("POST", "/factors/passkeys/options", {});
    return request<FactorAdded>("POST", "/factors/passkeys", { name, credential: await sign(options) });
  });
}

export function useRenewRecovery() {
  return useChange(() => request<{ recovery_codes: string[] }>("POST", "/factors/recovery-codes", {}));
}

export function useRemoveFactor(id: string) {
  return useChange(() => request<void>("DELETE", buildPath(["factors", id])));
}

export function useChangePassword() {
  return useChange((wanted: { present: string; password: string }) =>
    request<void>("POST", "/session/password", wanted),
  );
}

export function useLogins() {
  return useQuery({ queryKey: ["logins"], queryFn: () => request<Page<Login>>("GET", "/sessions") });
}

export function useEndLogin(id: string) {
  return useChange(() => request<void>("DELETE", buildPath(["sessions", id])));
}

/** Signs out everywhere: all sign-ins and tokens are gone, this one too. */
export function useEndAllLogins() {
  const queries = useQueryClient();
  return useChange(async () => {
    await request<void>("DELETE", "/sessions");
    queries.setQueryData(SESSION_KEY, null);
  });
}


/** Which role allows what. */
export function useRoles() {
  return useQuery({ queryKey: ["roles"], queryFn: () => request<Roles>("GET", "/roles"), staleTime: 60_000 });
}

/** Whether somebody may do something, and why; about the reader where nobody is named. Nothing is asked without a permission. */
export function useAccess(user: string, permission: string, thing: string) {
  const segments = user ? ["access", "explain"] : ["session", "access"];
  return useQuery({
    queryKey: ["access", user, permission, thing],
    queryFn: () => request<Access>("GET", buildPath(segments, { user, permission, thing })),
    enabled: permission !== "",
  });
}
