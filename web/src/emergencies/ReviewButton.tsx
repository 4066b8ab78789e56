import { useState } from "react";
import { useReviewEmergency, type Opening } from "../api/emergencies";
import { FormDialog } from "../components/FormDialog";

/** Puts down what the reader found who looked at what was done. */
export function ReviewButton({ opening }: { opening: Opening }) {
  const [isAsking, setIsAsking] = useState(false);
  const [found, setFound] = useState("");
  const review = useReviewEmergency(opening.id);

  function close(): void {
    setIsAsking(false);
    review.reset();
  }

  return (
    <>
      <button type="button" className="small" onClick={() => setIsAsking(true)}>
        Review…
        <span className="unseen"> {opening.id}</span>
      </button>
      {isAsking && (
        <FormDialog
          title="Review the emergency access?"
          action="Put it down"
          isComplete={found.trim() !== ""}
          command={review}
          onSubmit={() => review.mutate(found.trim(), { onSuccess: close })}
          onClose={close}
        >
          <p>Read the record of what was done first. Your name and these words stay in it.</p>
          <label>
            What you found
            <textarea
              value={found}
              onChange={(event) => setFound(event.target.value)}
              rows={3}
              maxLength={4000}
              required
            />
          </label>
        </FormDialog>
      )}
    </>
  );
}
