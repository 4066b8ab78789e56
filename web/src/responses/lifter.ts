import type { Initiator } from "../api/types";

/** Who or what asked for a change to be taken back: `by ann`, `as it expired`. */
export function describeLifter(by: Initiator): string {
  switch (by.kind) {
    case "response":
      return "as it expired";
    case "rollback":
      return "by the rollback of its run";
    case "run":
      return "by a step of its run";
    default:
      return `by ${by.name}`;
  }
}
