/** What is asked and changed about the accounts of others. */
import { useQuery } from "@tanstack/react-query";
import type { Invited, User, UserWanted } from "./accountTypes";
import { buildPath, request } from "./client";
import { useList } from "./queries";
import { useChange } from "./useChange";

export function useUsers() {
  return useList<User>(["users", "list"], ["users"]);
}

/** One account by its name or id. */
export function useUser(id: string) {
  return useQuery({ queryKey: ["users", "one", id], queryFn: () => request<User>("GET", buildPath(["users", id])) });
}

export function useAddUser() {
  return useChange((wanted: UserWanted) => request<Invited>("POST", "/users", wanted));
}

/** Invites somebody who has set no password yet once more; the code from before is void. */
export function useInvite(id: string) {
  return useChange(() => request<Invited>("POST", buildPath(["users", id, "invitation"]), {}));
}

/** Takes password, sign-ins and tokens away, and the second factors too if they are lost; answers with a new code. */
export function useReset(id: string) {
  return useChange((factors: boolean) => request<Invited>("POST", buildPath(["users", id, "reset"]), { factors }));
}

export function useChangeRoles(id: string) {
  return useChange((roles: string[]) => request<User>("POST", buildPath(["users", id, "roles"]), { roles }));
}

/** Sets the roles that somebody holds for a part of the world, and their teams. */
export function useChangeGrants(id: string) {
  return useChange((held: { grants: string[]; teams: string[] }) =>
    request<unknown>("PUT", buildPath(["users", id, "grants"]), held),
  );
}

export function useDisable(id: string) {
  return useChange((reason: string) => request<User>("POST", buildPath(["users", id, "disable"]), { reason }));
}

/** Switches an account on, without an end. */
export function useEnable(id: string) {
  return useChange(() => request<User>("POST", buildPath(["users", id, "enable"]), { until: null }));
}
