import { useState } from "react";
import { useAddKey } from "../api/account";
import { FormDialog } from "../components/FormDialog";
import { makeKey } from "../proof/passkey";
import { AddedDialog } from "./AddedDialog";
import { FactorName } from "./FactorName";

/** Adds a security key or passkey. */
export function KeyDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const add = useAddKey(makeKey);
  if (add.data) {
    return <AddedDialog added={add.data} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="Add a security key"
      action={add.isPending ? "Touch your key…" : "Add it"}
      isComplete={name.trim() !== ""}
      command={add}
      onSubmit={() => add.mutate(name.trim())}
      onClose={onClose}
    >
      <p>A key that you plug in, or a passkey of this device. It has to check its owner: by a PIN, a finger or a face.</p>
      <FactorName name={name} onType={setName} example="blue key" />
    </FormDialog>
  );
}
