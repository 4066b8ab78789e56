import { useRoles } from "../api/account";
import type { Risk, Roles } from "../api/accountTypes";
import { Badge, type Tone } from "../components/Badge";
import { Chips } from "../components/Chips";
import { Loaded } from "../components/Loaded";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { countOf } from "../text/words";

interface Row {
  name: string;
  description: string;
  risk: Risk;
  roles: string[];
}

const TONES: Record<Risk, Tone> = { read: "neutral", change: "wait", critical: "bad" };

const COLUMNS: readonly Column<Row>[] = [
  {
    name: "Permission",
    show: (row) => (
      <Link to={`/access?permission=${encodeURIComponent(row.name)}`}>
        <code>{row.name}</code>
      </Link>
    ),
  },
  { name: "Allows to", isWide: true, show: (row) => row.description },
  { name: "Risk", show: (row) => <Badge word={row.risk} tone={TONES[row.risk]} /> },
];

const ROLES: Column<Row> = {
  name: "Roles",
  show: (row) => row.roles.join(", ") || <span className="quiet">none</span>,
};

/** Which role allows what. */
export function RolesPage() {
  const role = useLocation().query.get("role") ?? "";
  return (
    <Page title="Roles" command="soar role list">
      <Loaded query={useRoles()}>
        {(roles) => (
          <>
            <Chips label="Role" parameter="role" chosen={role} values={["", ...roles.items.map(({ name }) => name)]} />
            <p className="sentence">{describeRole(roles, role)}</p>
            <Table
              label="Permissions"
              columns={role === "" ? [...COLUMNS, ROLES] : COLUMNS}
              items={listRows(roles).filter((row) => role === "" || row.roles.includes(role))}
              keyOf={(row) => row.name}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function listRows({ items, permissions }: Roles): Row[] {
  return permissions.map((permission) => ({
    ...permission,
    roles: items.filter((role) => role.permissions.includes(permission.name)).map((role) => role.name),
  }));
}

function describeRole({ items }: Roles, name: string): string {
  if (name === "") {
    return "Everything is denied unless a role allows it. Choose a role to see what it allows.";
  }
  const role = items.find((one) => one.name === name);
  if (!role) {
    return `There is no role ${name}.`;
  }
  const where = role.scope ? `, for ${role.scope} alone` : "";
  return `${name} allows ${countOf(role.permissions.length, "thing")}${where}.`;
}
