import { useRoles } from "../api/account";
import { Choices } from "../components/Choices";
import { Loaded } from "../components/Loaded";
import { countOf } from "../text/words";

interface RoleChoicesProps {
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** The roles that there are, to be held everywhere. */
export function RoleChoices({ chosen, onChange }: RoleChoicesProps) {
  return (
    <Loaded query={useRoles()}>
      {({ items }) => (
        <Choices
          legend="Roles, everywhere"
          items={items.map((role) => ({
            value: role.name,
            about: countOf(role.permissions.length, "permission") + (role.scope ? `, for ${role.scope}` : ""),
          }))}
          chosen={chosen}
          onChange={onChange}
        />
      )}
    </Loaded>
  );
}
