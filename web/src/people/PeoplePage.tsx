import { useState } from "react";
import type { User } from "../api/accountTypes";
import { useUsers } from "../api/people";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Link } from "../router/Link";
import { userPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { InviteDialog } from "./InviteDialog";
import { UserState } from "./UserState";

const COLUMNS: readonly Column<User>[] = [
  {
    name: "Name",
    show: (user) => (
      <Link to={userPath(user.name)}>
        <Inert text={user.name} staysCut />
      </Link>
    ),
  },
  { name: "E-mail", show: (user) => user.email && <Inert text={user.email} limit={80} staysCut /> },
  { name: "Kind", show: (user) => (user.kind === "service" ? "program" : user.kind) },
  { name: "Roles", show: (user) => <HeldRoles user={user} /> },
  { name: "Factors", show: (user) => (user.kind === "person" ? user.factors : <span className="quiet">–</span>) },
  { name: "State", show: (user) => <UserState user={user} /> },
];

/** Who may act here. */
export function PeoplePage() {
  const [isInviting, setIsInviting] = useState(false);
  const list = useUsers();
  const mayWrite = useMay("user:write");
  return (
    <Page title="People and programs" command="soar user list">
      <p>
        <Link to="/roles">Which role allows what</Link> · <Link to="/access">Who may do what, and why</Link>
      </p>
      {mayWrite ? (
        <p>
          <button type="button" className="primary" onClick={() => setIsInviting(true)}>
            Invite a person…
          </button>
        </p>
      ) : (
        <MayNot what="change accounts; an admin can" />
      )}
      <Loaded query={list}>
        {(users) =>
          users.length === 0 ? (
            <Empty>Whoever may sign in is listed here. Invite a person to begin.</Empty>
          ) : (
            <Table label="People and programs" columns={COLUMNS} items={users} keyOf={(user) => user.id} />
          )
        }
      </Loaded>
      <LoadMore list={list} />
      {isInviting && <InviteDialog onClose={() => setIsInviting(false)} />}
    </Page>
  );
}

/** Roles that hold everywhere, then those for a part of the world. */
function HeldRoles({ user }: { user: User }) {
  const held = [...user.roles, ...user.grants];
  return held.length === 0 ? <span className="quiet">none</span> : <Inert text={held.join(", ")} limit={100} />;
}
