import type { Approval } from "../api/types";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { formatTimeLeft } from "../text/time";
import { useClock } from "../text/useClock";
import { nameEligible } from "../text/words";
import { isQuestion } from "./describe";

/** Until when an answer counts, and what follows without one. */
export function Deadline({ approval }: { approval: Approval }) {
  const now = useClock();
  const left = Date.parse(approval.expires_at) - now;
  const coming = approval.escalations.filter((level) => !level.is_reached);
  if (left <= 0) {
    return <p className="deadline">Time is up{isQuestion(approval) ? "." : ": without a yes the answer is NO."}</p>;
  }
  return (
    <p className="deadline">
      Until <Moment at={approval.expires_at} /> (<span className="countdown">{formatTimeLeft(left)}</span> left)
      {isQuestion(approval) ? "" : ", then NO"}
      {coming.map((level) => (
        <span key={level.at + level.to}>
          {" · escalates "}
          <Moment at={level.at} /> to <Inert text={nameEligible([level.to])} limit={60} />
        </span>
      ))}
    </p>
  );
}
