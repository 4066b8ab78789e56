import type { Approval } from "../api/types";
import { Inert } from "../components/Inert";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { approvalPath, runPath } from "../router/paths";
import { useAskVote } from "./VoteContext";

/** What a person can do with an approval; a press here alone never decides. */
export function CardButtons({ approval }: { approval: Approval }) {
  const askVote = useAskVote();
  const { path } = useLocation();
  const isPending = approval.status === "pending";
  const details = approvalPath(approval.id);
  return (
    <>
      {isPending && !approval.may_vote && approval.why_not && (
        <p className="why-not">
          <Inert text={approval.why_not} />
        </p>
      )}
      <div className="buttons">
        {isPending && approval.may_vote && (
          <>
            <button type="button" className="primary" data-vote="approve" onClick={() => askVote(approval, "approve")}>
              Approve…
            </button>
            <button type="button" data-vote="deny" onClick={() => askVote(approval, "deny")}>
              Deny…
            </button>
          </>
        )}
        {path === details ? <Link to={runPath(approval.run)}>Run</Link> : <Link to={details}>Details</Link>}
      </div>
    </>
  );
}
