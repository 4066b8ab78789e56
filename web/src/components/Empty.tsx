import type { ReactNode } from "react";

/** What belongs here, why there is nothing, and the one next step. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
