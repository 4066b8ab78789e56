import { createContext, useContext, type ReactNode } from "react";
import type { Permission, Session } from "../api/types";

const Current = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <Current.Provider value={session}>{children}</Current.Provider>;
}

/** The session of who is signed in; only within the signed-in part of the page. */
export function useCurrentSession(): Session {
  const session = useContext(Current);
  if (!session) {
    throw new Error("nobody is signed in here");
  }
  return session;
}

/** Whether who is signed in has a permission. Only to leave out what would be refused: the server decides. */
export function useMay(permission: Permission): boolean {
  return useCurrentSession().permissions.includes(permission);
}
