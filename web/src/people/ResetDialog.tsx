import { useState } from "react";
import type { User } from "../api/accountTypes";
import { useReset } from "../api/people";
import { FormDialog } from "../components/FormDialog";
import { InvitedDialog } from "./InvitedDialog";

/** For somebody who has lost their password, or their second factors too. */
export function ResetDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [hasLostFactors, setHasLostFactors] = useState(false);
  const reset = useReset(user.id);
  if (reset.data) {
    return <InvitedDialog invited={reset.data} onClose={onClose} />;
  }
  return (
    <FormDialog
      title={`Reset ${user.name}?`}
      action="Reset"
      isDanger
      command={reset}
      onSubmit={() => reset.mutate(hasLostFactors)}
      onClose={onClose}
    >
      <p>
        Their password, sign-ins and tokens are gone. You get a code with which they set a new password. Be sure that it
        is they who ask.
      </p>
      <label className="inline">
        <input
          type="checkbox"
          checked={hasLostFactors}
          onChange={(event) => setHasLostFactors(event.target.checked)}
        />
        They have lost their second factors too: take these away
      </label>
    </FormDialog>
  );
}
