import { useState } from "react";
import { useBeginTotp, useConfirmTotp } from "../api/account";
import type { FactorAdded, TotpOffer } from "../api/accountTypes";
import { CopyButton } from "../components/CopyButton";
import { FormDialog } from "../components/FormDialog";
import { QrPicture } from "../qr/QrPicture";
import { AddedDialog } from "./AddedDialog";
import { FactorName } from "./FactorName";

/** Adds an authenticator program: its name, its secret, its first code. */
export function TotpDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const begin = useBeginTotp();
  if (begin.data) {
    return <ConfirmDialog offer={begin.data} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="Add an authenticator program"
      action="Show its secret"
      isComplete={name.trim() !== ""}
      command={begin}
      onSubmit={() => begin.mutate(name.trim())}
      onClose={onClose}
    >
      <p>A program on your phone or computer that shows a new code every 30 seconds.</p>
      <FactorName name={name} onType={setName} example="phone" />
    </FormDialog>
  );
}

function ConfirmDialog({ offer, onClose }: { offer: TotpOffer; onClose: () => void }) {
  const [code, setCode] = useState("");
  const [added, setAdded] = useState<FactorAdded | null>(null);
  const confirm = useConfirmTotp(offer.id);
  if (added) {
    return <AddedDialog added={added} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="Show this to the program"
      action="Add it"
      isComplete={code.trim() !== ""}
      command={confirm}
      onSubmit={() => confirm.mutate(code.trim(), { onSuccess: setAdded })}
      onClose={onClose}
    >
      <p>
        Point its camera at the picture, or type the secret. It is <strong>shown this once</strong>.
      </p>
      <QrPicture text={offer.uri} label="QR code that holds the secret below" />
      <p className="beside">
        <code className="secret-text">{offer.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>{" "}
        <CopyButton text={offer.secret} />
      </p>
      <label>
        The code that it shows now
        <input
          value={code}
          onChange={(event) => setCode(event.target.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
      </label>
    </FormDialog>
  );
}
