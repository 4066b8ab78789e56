import { useFreezes } from "../api/queries";
import type { Freeze } from "../api/types";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { FreezeButton } from "./FreezeButton";
import { LiftFreezeButton } from "./LiftFreezeButton";
import { nameFreeze } from "./nameFreeze";

const COLUMNS: readonly Column<Freeze>[] = [
  {
    name: "Frozen",
    show: (freeze) => (
      <strong>
        <Inert text={nameFreeze(freeze)} />
      </strong>
    ),
  },
  { name: "Why", show: (freeze) => <Inert text={freeze.reason} limit={200} /> },
  { name: "By", show: (freeze) => <Word text={freeze.frozen_by_name} /> },
  { name: "Since", show: (freeze) => <Moment at={freeze.frozen_at} /> },
  { name: "Lift", show: (freeze) => <LiftState freeze={freeze} /> },
];

const SIGN: Column<Freeze> = { name: "Let go on", show: (freeze) => <LiftFreezeButton freeze={freeze} /> };

/** What is frozen: one person stops writes, and two let them go on. */
export function FreezesPage() {
  const query = useFreezes();
  const mayFreeze = useMay("freeze:write");
  return (
    <Page title="Freezes" command="soar status">
      <p>
        A freeze stops writes from the moment on; what is under way goes on to its end. Reads, questions and votes go on.
        One person freezes, two let it go on.
      </p>
      {mayFreeze ? <FreezeButton /> : <MayNot what="freeze anything, or let it go on" />}
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing is frozen. Runs write as their playbooks and the policy let them.</Empty>
          ) : (
            <Table
              label="Freezes"
              columns={mayFreeze ? [...COLUMNS, SIGN] : COLUMNS}
              items={items}
              keyOf={(freeze) => freeze.id}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function LiftState({ freeze }: { freeze: Freeze }) {
  if (!freeze.lift_asked_by_name || !freeze.lift_asked_at) {
    return <span className="quiet">nobody has asked</span>;
  }
  return (
    <>
      <Word text={freeze.lift_asked_by_name} /> asked <Moment at={freeze.lift_asked_at} />
    </>
  );
}
