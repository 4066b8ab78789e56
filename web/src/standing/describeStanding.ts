import type { StandingApproval } from "../api/standing";
import type { Tone } from "../components/Badge";

/** Whether it counts, or why not, in a word or two. */
export function describeStanding(standing: StandingApproval, now: number): { word: string; tone: Tone } {
  if (standing.revoked_by) {
    return { word: "revoked", tone: "neutral" };
  }
  if (Date.parse(standing.expires_at) <= now) {
    return { word: standing.signed_by ? "over" : "never signed", tone: "neutral" };
  }
  return standing.signed_by ? { word: "counts", tone: "good" } : { word: "waits for a second", tone: "wait" };
}

/** Whether it can be signed or revoked: it has neither ended nor been revoked. */
export function isOpen(standing: StandingApproval, now: number): boolean {
  return !standing.revoked_by && now < Date.parse(standing.expires_at);
}
