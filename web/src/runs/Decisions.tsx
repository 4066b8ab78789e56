import type { Approval } from "../api/types";
import { describeOutcome } from "../approvals/describe";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { Link } from "../router/Link";
import { approvalPath } from "../router/paths";

/** What people were asked in a run and how each question ended; nothing while none has ended. */
export function Decisions({ approvals }: { approvals: readonly Approval[] }) {
  const closed = approvals.filter((approval) => approval.status !== "pending");
  if (closed.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      <ul className="lines">
        {closed.map((approval) => (
          <li key={approval.id}>
            <Link to={approvalPath(approval.id)}>{approval.code}</Link>{" "}
            <Inert text={approval.card.question} limit={140} />{" "}
            <strong>
              <Inert text={describeOutcome(approval)} />
            </strong>{" "}
            {approval.decided_at && (
              <span className="quiet">
                <Moment at={approval.decided_at} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
