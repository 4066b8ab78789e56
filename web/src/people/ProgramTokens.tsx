import { useRoles } from "../api/account";
import type { Roles, User } from "../api/accountTypes";
import { useCurrentSession, useMay } from "../shell/SessionContext";
import { TokenList } from "../tokens/TokenList";

/** What no program is given, whatever its roles: people alone decide and change accounts. */
const FOR_PEOPLE: readonly string[] = ["approval:vote", "user:write"];

/** The tokens that a program acts with. */
export function ProgramTokens({ program }: { program: User }) {
  const { permissions } = useCurrentSession();
  const mayChange = useMay("user:write");
  const held = listHeld(program, useRoles().data?.items ?? []);
  const able = permissions.filter((permission) => held.has(permission) && !FOR_PEOPLE.includes(permission));
  const offered = program.disabled_at ? [] : able;
  return (
    <TokenList owner={{ program: program.id }} mayChange={mayChange} offered={offered}>
      A program proves itself by a token, within what its roles allow. It has none.
      {mayChange && ` Make one ${offered.length > 0 ? "below." : sayFirst(program)}`}
    </TokenList>
  );
}

function sayFirst(program: User): string {
  return program.disabled_at ? "once it is switched on." : "once it has a role that allows what you may do yourself.";
}

/** What an account's roles allow somewhere; a grant is written `role@part of the world`. */
function listHeld(user: User, roles: Roles["items"]): ReadonlySet<string> {
  const names = [...user.roles, ...user.grants.map((grant) => grant.split("@")[0])];
  return new Set(roles.filter((role) => names.includes(role.name)).flatMap((role) => role.permissions));
}
