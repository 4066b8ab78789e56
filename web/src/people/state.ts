import type { User } from "../api/accountTypes";
import type { Tone } from "../components/Badge";

/** Whether an account can be used, in a word or two. */
export function describeState(user: User, now: number): { word: string; tone: Tone } {
  if (user.disabled_at) {
    return { word: "switched off", tone: "bad" };
  }
  if (user.expires_at && Date.parse(user.expires_at) <= now) {
    return { word: "ended", tone: "bad" };
  }
  if (user.is_invited && !user.may_log_in) {
    return { word: "invited", tone: "wait" };
  }
  return { word: "active", tone: "good" };
}
