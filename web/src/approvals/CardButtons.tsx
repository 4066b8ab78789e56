import type { Approval } from "../api/types";
import { Inert } from "../components/Inert";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { approvalPath, runPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { useClock } from "../text/useClock";
import { namePrincipals } from "../text/words";
import { isQuestion } from "./describe";
import { useAskVote } from "./VoteContext";

/** What a person can do with an approval; a press here alone never decides. */
export function CardButtons({ approval }: { approval: Approval }) {
  const askVote = useAskVote();
  const { path } = useLocation();
  const hasVote = useMay("approval:vote");
  const isLate = useClock() >= Date.parse(approval.expires_at);
  const mayVote = hasVote && approval.may_vote && !isLate;
  const isPending = approval.status === "pending";
  const asksFacts = isQuestion(approval);
  const details = approvalPath(approval.id);
  return (
    <>
      {isPending && !hasVote && <MayNot what={asksFacts ? "answer" : "vote"} />}
      {isPending && hasVote && approval.why_not && (
        <p className="may-not">
          <Inert text={namePrincipals(approval.why_not)} />
        </p>
      )}
      <div className="buttons">
        {isPending && mayVote && !asksFacts && (
          <>
            <button type="button" className="primary" data-vote="approve" onClick={() => askVote(approval, "approve")}>
              Approve…
            </button>
            <button type="button" data-vote="deny" onClick={() => askVote(approval, "deny")}>
              Deny…
            </button>
          </>
        )}
        {path === details ? (
          <Link to={runPath(approval.run)}>Run</Link>
        ) : (
          <Link to={details}>{isPending && mayVote && asksFacts ? "Answer…" : "Details"}</Link>
        )}
      </div>
    </>
  );
}
