import type { Freeze } from "../api/types";

/** What a freeze stops: `everything`, `the action fw.block`. */
export function nameFreeze(freeze: Pick<Freeze, "kind" | "name">): string {
  return freeze.kind === "everything" ? "everything" : `the ${freeze.kind} ${freeze.name}`;
}
