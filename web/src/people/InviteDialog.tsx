import { useState } from "react";
import { useAddUser } from "../api/people";
import { FormDialog } from "../components/FormDialog";
import { InvitedDialog } from "./InvitedDialog";
import { RoleChoices } from "./RoleChoices";

/** Makes an account for a person, who sets their own password with the code that this brings. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const add = useAddUser();
  if (add.data) {
    return <InvitedDialog invited={add.data} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="Invite a person"
      action="Invite"
      isComplete={name.trim() !== "" && email.trim() !== ""}
      command={add}
      onSubmit={() => add.mutate({ name: name.trim(), email: email.trim(), roles })}
      onClose={onClose}
    >
      <label>
        <span>
          Name <span className="quiet">to sign in with: lower-case letters, digits, . and -</span>
        </span>
        <input
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
        />
      </label>
      <label>
        E-mail
        <input
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          autoComplete="off"
          maxLength={200}
          required
        />
      </label>
      <RoleChoices chosen={roles} onChange={setRoles} />
    </FormDialog>
  );
}
