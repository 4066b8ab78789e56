/** Emergency access: seen, ended and reviewed here; it is opened on the server's own machine. */
import { useQuery } from "@tanstack/react-query";
import { buildPath, request } from "./client";
import type { Page } from "./types";
import { useChange } from "./useChange";

/** An hour of emergency access; `user` is the id of the account that was made for it. */
export interface Opening {
  id: string;
  user: string;
  reason: string;
  /** What the machine calls whoever opened it. */
  opened_by: string;
  opened_at: string;
  expires_at: string;
  closed_at: string | null;
  /** Empty if its hour was over. */
  closed_by: string;
  reviewed_at: string | null;
  reviewed_by: string;
  review: string;
}

export function useEmergencies() {
  return useQuery({ queryKey: ["emergencies"], queryFn: () => request<Page<Opening>>("GET", "/emergencies") });
}

/** Ends one before its hour is over. */
export function useCloseEmergency(opening: string) {
  return useChange(() => request<Opening>("POST", buildPath(["emergencies", opening, "close"]), {}));
}

export function useReviewEmergency(opening: string) {
  return useChange((review: string) =>
    request<Opening>("POST", buildPath(["emergencies", opening, "review"]), { review }),
  );
}
