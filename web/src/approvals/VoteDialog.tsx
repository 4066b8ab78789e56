import { useState, type FormEvent } from "react";
import { useVote } from "../api/commands";
import { useApproval } from "../api/queries";
import type { Approval, VoteChoice } from "../api/types";
import { Dialog } from "../components/Dialog";
import { Inert } from "../components/Inert";
import { useNotice } from "../shell/Notice";
import { CardFacts } from "./CardFacts";
import { describeEffect, describeOutcome } from "./describe";
import { PartChoice } from "./PartChoice";
import { VoteFields } from "./VoteFields";
import { VoteNotice } from "./VoteNotice";
import { VoteRefusal } from "./VoteRefusal";

interface VoteDialogProps {
  /** As the person read it; the vote names its digest, whatever has changed since. */
  approval: Approval;
  choice: VoteChoice;
  onClose: () => void;
}

/** The question again, what must be typed, and the vote. */
export function VoteDialog({ approval, choice, onClose }: VoteDialogProps) {
  const [confirm, setConfirm] = useState("");
  const [comment, setComment] = useState("");
  const offered = approval.parts.filter((part) => part.is_allowed);
  const [chosen, setChosen] = useState(offered);
  const vote = useVote(approval.id);
  const showNotice = useNotice();
  const change = useChangeSince(approval);
  const isApproval = choice === "approve";
  const mustConfirm = isApproval && approval.confirm !== "";
  const mustComment = approval.comment === "required" || (!isApproval && approval.comment === "required_on_deny");
  const isPart = isApproval && chosen.length < offered.length;
  const isComplete =
    (!isApproval || offered.length === 0 || chosen.length > 0) &&
    (!mustConfirm || confirm.trim() !== "") && (!mustComment || comment.trim() !== "");

  function submit(event: FormEvent): void {
    event.preventDefault();
    const request = {
      vote: choice,
      comment: comment.trim() || null,
      confirm: mustConfirm ? confirm.trim() : null,
      digest: approval.digest,
      ...(isPart ? { only: chosen.flatMap((part) => part.targets) } : {}),
    };
    vote.mutate(request, {
      onSuccess: (after) => {
        showNotice(<VoteNotice approval={after} choice={choice} />);
        onClose();
      },
    });
  }

  return (
    <Dialog title={<VoteTitle approval={approval} choice={choice} />} isBeside onClose={onClose}>
      <p className="approval-runs">
        <code>{approval.card.action}</code> · <strong>{describeEffect(approval.card)}</strong>
      </p>
      <CardFacts card={approval.card} />
      <form onSubmit={submit}>
        {isApproval && offered.length > 1 && <PartChoice offered={offered} chosen={chosen} onChoose={setChosen} />}
        <VoteFields
          confirmHint={mustConfirm ? (isPart ? "what you allow: its name, or how many" : approval.confirm_hint) : null}
          mustComment={mustComment}
          confirm={confirm}
          comment={comment}
          onConfirm={setConfirm}
          onComment={setComment}
        />
        <p className="quiet">
          {approval.code} · digest <code>{approval.digest_code}</code>: the same code in chat and terminal means the
          same action.
        </p>
        {change && !vote.isPending && (
          <p role="alert" className="problem">
            <Inert text={change} />
          </p>
        )}
        {vote.error && <VoteRefusal error={vote.error} />}
        <div className="buttons">
          <button
            type="submit"
            className={isApproval ? "primary" : "danger"}
            disabled={!isComplete || vote.isPending || change !== null}
          >
            {isApproval ? "Approve" : "Deny"}
          </button>
          <button type="button" onClick={onClose}>
            Go back, decide nothing
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function VoteTitle({ approval, choice }: { approval: Approval; choice: VoteChoice }) {
  return (
    <>
      {choice === "approve" ? "Approve: " : "Deny: "}
      <Inert text={approval.card.question} />
    </>
  );
}

/** What has happened to the approval since it was read, as one sentence; null while it stands as it was. */
function useChangeSince(read: Approval): string | null {
  const current = useApproval(read.id).data ?? read;
  if (current.status !== "pending") {
    return `No vote counts any more. ${describeOutcome(current)}`;
  }
  return current.digest === read.digest ? null : "What would run has changed. Close this and read the card again.";
}
