import type { Approval, VoteChoice } from "../api/types";
import { Link } from "../router/Link";
import { runPath } from "../router/paths";
import { useCurrentSession } from "../shell/SessionContext";

/** What a vote has brought about. */
export function VoteNotice({ approval, choice }: { approval: Approval; choice: VoteChoice }) {
  const { installation } = useCurrentSession();
  return (
    <>
      {describeVote(approval, choice)}
      {installation.is_demo && choice === "approve" && " This is the demo: nothing real is touched."}{" "}
      <Link to={runPath(approval.run)}>Run</Link>
    </>
  );
}

function describeVote(approval: Approval, choice: VoteChoice): string {
  if (approval.status === "approved") {
    return `${approval.code} is approved.`;
  }
  if (approval.status === "denied") {
    return `${approval.code} is denied.`;
  }
  const word = choice === "approve" ? "yes" : "no";
  return `Your ${word} to ${approval.code} is counted: ${approval.yes} of ${approval.quorum} yes.`;
}
