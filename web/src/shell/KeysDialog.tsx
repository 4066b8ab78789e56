import { Dialog } from "../components/Dialog";
import { setHasKeys, useHasKeys } from "./keys";

const KEYS = [
  { key: "?", does: "this list, on every page" },
  { key: "j", does: "next approval in the inbox" },
  { key: "k", does: "previous approval in the inbox" },
  { key: "a", does: "approve… the chosen approval" },
  { key: "d", does: "deny… the chosen approval" },
  { key: "Esc", does: "close a dialog; nothing is sent" },
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const isOn = useHasKeys();
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="inline">
        <input type="checkbox" checked={isOn} onChange={(event) => setHasKeys(event.target.checked)} />
        Single keys are on
      </label>
      <div className="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
