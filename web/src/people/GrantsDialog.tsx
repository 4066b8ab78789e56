import { useState } from "react";
import type { User } from "../api/accountTypes";
import { useChangeGrants } from "../api/people";
import { FormDialog } from "../components/FormDialog";
import { splitList } from "../text/words";

/** Sets the roles that somebody holds for a part of the world, and their teams. */
export function GrantsDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [grants, setGrants] = useState(user.grants.join("\n"));
  const [teams, setTeams] = useState(user.teams.join(" "));
  const change = useChangeGrants(user.id);

  function submit(): void {
    const held = {
      grants: grants.split("\n").map((line) => line.trim()).filter((line) => line !== ""),
      teams: splitList(teams),
    };
    change.mutate(held, { onSuccess: onClose });
  }

  return (
    <FormDialog
      title={`Roles of ${user.name} for a part of the world`}
      action="Give exactly these"
      command={change}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>
        A role, <code>@</code> and its limits, such as <code>analyst@playbook=phishing-*,team=soc</code>. What is not
        named is taken away.
      </p>
      <label>
        <span>
          Grants <span className="quiet">one in a line</span>
        </span>
        <textarea
          value={grants}
          onChange={(event) => setGrants(event.target.value)}
          rows={4}
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
      <label>
        Teams
        <input
          value={teams}
          onChange={(event) => setTeams(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
    </FormDialog>
  );
}
