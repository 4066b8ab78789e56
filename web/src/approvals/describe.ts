import type { Approval, Card, Vote } from "../api/types";
import { formatDuration } from "../text/time";

/** What the call does to the world, and whether there is a way back. */
export function describeEffect(card: Card): string {
  if (card.effect === "read") {
    return "read";
  }
  return `${card.effect}, ${card.is_reversible ? "reversible" : "cannot be taken back"}`;
}

/** Whether people are asked for facts: such a question is answered, and not voted on. */
export function isQuestion(approval: Approval): boolean {
  return approval.fields.length > 0;
}

/** How a closed approval ended, as one sentence. */
export function describeOutcome(approval: Approval): string {
  const because = approval.reason ? `: ${approval.reason}` : "";
  const waited = formatDuration(Date.parse(approval.expires_at) - Date.parse(approval.asked_at));
  switch (approval.status) {
    case "pending":
      return isQuestion(approval) ? "Nobody has answered yet." : "Nobody has decided yet.";
    case "approved":
      return `APPROVED by ${namesOf(approval.votes, "approve")}.`;
    case "answered":
      return `ANSWERED by ${approval.reply?.name ?? "nobody by name"}.`;
    case "denied":
      return `DENIED by ${namesOf(approval.votes, "deny")}${quoteDenial(approval.votes) || because}.`;
    case "expired":
      return isQuestion(approval)
        ? `EXPIRED: nobody answered in ${waited}.`
        : `EXPIRED: nobody decided in ${waited}, so it was not done.`;
    case "cancelled":
      return `CANCELLED with its run${because}.`;
    case "superseded":
      return `SUPERSEDED: what would run has changed${because}.`;
    case "refused":
      return `REFUSED ${isQuestion(approval) ? "unasked" : "by the policy"}${because}.`;
  }
}

function namesOf(votes: readonly Vote[], choice: Vote["choice"]): string {
  const names = votes.filter((vote) => vote.choice === choice).map((vote) => vote.name);
  return names.length === 0 ? "nobody by name" : names.join(", ");
}

function quoteDenial(votes: readonly Vote[]): string {
  const comment = votes.find((vote) => vote.choice === "deny")?.comment;
  return comment ? `: “${comment}”` : "";
}
