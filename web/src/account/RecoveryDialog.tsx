import { Dialog } from "../components/Dialog";
import { RecoveryCodes } from "./RecoveryCodes";

export function RecoveryDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog title="New recovery codes" onClose={onClose}>
      <RecoveryCodes codes={codes} />
      <div className="buttons">
        <button type="button" onClick={onClose}>
          I have kept them
        </button>
      </div>
    </Dialog>
  );
}
