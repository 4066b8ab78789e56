import { Inert } from "../components/Inert";

interface VoteFieldsProps {
  /** What must be typed, in words; null if nothing. */
  confirmHint: string | null;
  mustComment: boolean;
  confirm: string;
  comment: string;
  onConfirm: (typed: string) => void;
  onComment: (typed: string) => void;
}

/** What a voter types: the target's name or number, and a comment. */
export function VoteFields({ confirmHint, mustComment, confirm, comment, onConfirm, onComment }: VoteFieldsProps) {
  return (
    <>
      {confirmHint !== null && (
        <label>
          <span>
            To confirm, type <Inert text={confirmHint || "the name of the target"} />
          </span>
          <input
            value={confirm}
            onChange={(event) => onConfirm(event.target.value)}
            required
            autoComplete="off"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
          />
        </label>
      )}
      <label>
        <span>Comment ({mustComment ? "required" : "optional"})</span>
        <textarea value={comment} onChange={(event) => onComment(event.target.value)} required={mustComment} rows={2} />
      </label>
    </>
  );
}
