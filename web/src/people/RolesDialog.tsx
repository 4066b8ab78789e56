import { useState } from "react";
import type { User } from "../api/accountTypes";
import { useChangeRoles } from "../api/people";
import { FormDialog } from "../components/FormDialog";
import { RoleChoices } from "./RoleChoices";

/** Sets the roles that somebody holds everywhere. */
export function RolesDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [roles, setRoles] = useState(user.roles);
  const change = useChangeRoles(user.id);
  return (
    <FormDialog
      title={`Roles of ${user.name}`}
      action="Give exactly these"
      command={change}
      onSubmit={() => change.mutate(roles, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>They hold from their next request on.</p>
      <RoleChoices chosen={roles} onChange={setRoles} />
    </FormDialog>
  );
}
