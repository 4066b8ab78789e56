import { useRotas, type OnCallPerson, type Rota } from "../api/rotas";
import { Badge } from "../components/Badge";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";

const COLUMNS: readonly Column<Rota>[] = [
  {
    name: "Rota",
    show: (rota) => (
      <strong>
        <Inert text={rota.name} />
      </strong>
    ),
  },
  { name: "On call now", show: (rota) => <People people={rota.people} /> },
  { name: "Until", show: (rota) => <Moment at={rota.until} /> },
  { name: "Then", show: (rota) => <People people={rota.following} /> },
  { name: "Time zone", show: (rota) => rota.timezone },
];

/** Who is on call now and next, by each rota. */
export function OnCallPage() {
  const query = useRotas();
  return (
    <Page title="On call" command="soar oncall show">
      <p>
        Where a playbook or the policy asks <code>oncall:</code> and the name of a rota, whoever is on call by it when they
        vote may decide.
      </p>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              There are no rotas, so <code>oncall:</code> means nobody. Write one in <code>config/oncall.yaml</code>; its
              first lines say how, and it counts when the service starts again.
            </Empty>
          ) : (
            <Table label="On call" columns={COLUMNS} items={items} keyOf={(rota) => rota.name} />
          )
        }
      </Loaded>
    </Page>
  );
}

function People({ people }: { people: readonly OnCallPerson[] }) {
  if (people.length === 0) {
    return <Badge word="nobody" tone="bad" />;
  }
  return (
    <ul className="plain">
      {people.map(({ email, name }) => (
        <li key={email}>
          {name && <Word text={name} />}{" "}
          <span className="quiet">
            <Inert text={email} />
          </span>{" "}
          {!name && <Badge word="nobody here" tone="bad" />}
        </li>
      ))}
    </ul>
  );
}
