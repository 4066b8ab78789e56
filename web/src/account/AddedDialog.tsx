import type { FactorAdded } from "../api/accountTypes";
import { Dialog } from "../components/Dialog";
import { Inert } from "../components/Inert";
import { RecoveryCodes } from "./RecoveryCodes";

/** Says that a factor counts; the first one brings recovery codes. */
export function AddedDialog({ added, onClose }: { added: FactorAdded; onClose: () => void }) {
  return (
    <Dialog title="It counts from now on" onClose={onClose}>
      <p>
        From the next sign-in on, <Inert text={added.factor.name} limit={60} /> is asked for beside your password.
      </p>
      {added.recovery_codes.length > 0 && <RecoveryCodes codes={added.recovery_codes} />}
      <div className="buttons">
        <button type="button" onClick={onClose}>
          {added.recovery_codes.length > 0 ? "I have kept them" : "Close"}
        </button>
      </div>
    </Dialog>
  );
}
