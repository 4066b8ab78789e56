/** What two people approve beforehand. */
import { buildPath, request } from "./client";
import { useList } from "./queries";
import { useChange } from "./useChange";

/** A yes beforehand; people are named, not by their ids. */
export interface StandingApproval {
  id: string;
  action: string;
  playbook: string;
  revision: string;
  /** Pattern of the targets. */
  targets: string;
  reason: string;
  proposed_by: string;
  proposed_at: string;
  expires_at: string;
  signed_by: string | null;
  revoked_by: string | null;
  uses: number;
  used_at: string | null;
  /** Whether it answers questions now. */
  is_good: boolean;
}

export function useStandingApprovals() {
  return useList<StandingApproval>(["standing"], ["standing-approvals"]);
}

/** Signs what somebody else has proposed. */
export function useSignStanding(standing: string) {
  return useChange(() =>
    request<StandingApproval>("POST", buildPath(["standing-approvals", standing, "signature"]), {}),
  );
}

/** Ends one before its time. */
export function useRevokeStanding(standing: string) {
  return useChange((reason: string) =>
    request<StandingApproval>("POST", buildPath(["standing-approvals", standing, "revocation"]), { reason }),
  );
}
