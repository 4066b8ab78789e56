import type { ActiveResponse } from "../api/types";

/** Whether a change is there as far as we know, or is overdue: neither taken back nor being so. */
export function isStanding({ status }: Pick<ActiveResponse, "status">): boolean {
  return status === "active" || status === "overdue";
}

/** What the last look at the product has shown. */
export function describeSighting(response: Pick<ActiveResponse, "sighting" | "is_checkable">): string {
  switch (response.sighting) {
    case "standing":
      return "it is there";
    case "gone":
      return "it is gone";
    case "unclear":
      return "nobody could tell";
    case null:
      return response.is_checkable ? "nobody has looked yet" : "its connector cannot look";
  }
}
