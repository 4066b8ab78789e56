import { useId } from "react";
import type { Approval } from "../api/types";
import { ModeBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { CardButtons } from "./CardButtons";
import { CardFacts } from "./CardFacts";
import { CardRequester } from "./CardRequester";
import { describeEffect, describeOutcome, isQuestion } from "./describe";
import { Deadline } from "./Deadline";
import { Evidence } from "./Evidence";
import { QuestionFacts } from "./QuestionFacts";
import { Votes } from "./Votes";

interface ApprovalCardProps {
  approval: Approval;
  /** Leaves out what the dialog and the details show as well: evidence, requester, who may. */
  isCompact?: boolean;
}

/**
 * A question to people. The order is the engine's and fixed: question, what runs, why, impact, targets, way back,
 * evidence, requester, who may, deadline, buttons. A closed one has its outcome where the buttons were.
 */
export function ApprovalCard({ approval, isCompact = false }: ApprovalCardProps) {
  const { card } = approval;
  const titleId = useId();
  const asksFacts = isQuestion(approval);
  return (
    <article className="approval" aria-labelledby={titleId} tabIndex={-1} data-effect={card.effect}>
      <header>
        <h3 id={titleId}>
          <Inert text={card.question} />
        </h3>
        <p className="approval-code">
          <strong>{approval.code}</strong> ·{" "}
          {asksFacts ? "asks for facts" : `${approval.yes} of ${approval.quorum} yes`}{" "}
          {approval.mode !== "live" && <ModeBadge mode={approval.mode} />}
        </p>
      </header>
      <Votes votes={approval.votes} />
      {asksFacts ? (
        <QuestionFacts approval={approval} />
      ) : (
        <>
          <p className="approval-runs">
            {card.action ? <code>{card.action}</code> : "a gate without an action"}
            {card.connection && (
              <>
                {" · connection "}
                <Inert text={card.connection} />
              </>
            )}
            {" · "}
            <strong>{describeEffect(card)}</strong>
          </p>
          {approval.members.length > 0 && (
            <p>
              <strong>{approval.members.length} more want the same</strong>, and are decided with it.
            </p>
          )}
          <CardFacts card={card} />
        </>
      )}
      {!isCompact && (
        <>
          <Evidence evidence={card.evidence} />
          <CardRequester approval={approval} />
        </>
      )}
      {approval.status === "pending" ? (
        <Deadline approval={approval} />
      ) : (
        <p className="approval-outcome">
          <strong>
            <Inert text={describeOutcome(approval)} />
          </strong>
          {approval.decided_at && (
            <>
              {" Asked "}
              <Moment at={approval.asked_at} />
              {", closed "}
              <Moment at={approval.decided_at} />.
            </>
          )}
        </p>
      )}
      <CardButtons approval={approval} />
    </article>
  );
}
