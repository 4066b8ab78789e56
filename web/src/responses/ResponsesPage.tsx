import { useResponses } from "../api/queries";
import type { ActiveResponse } from "../api/types";
import { Badge } from "../components/Badge";
import { StatusBadge } from "../components/badges";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Targets } from "../components/Targets";
import { Link } from "../router/Link";
import { responsePath, runPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { countOf } from "../text/words";
import { LiftButton } from "./LiftButton";
import { isStanding } from "./sighting";
import { Until } from "./Until";

const COLUMNS: readonly Column<ActiveResponse>[] = [
  {
    name: "What",
    show: (response) => (
      <Link to={responsePath(response.id)}>
        <code>{response.action}</code>
      </Link>
    ),
  },
  { name: "On", show: (response) => <Targets targets={response.targets} /> },
  {
    name: "Status",
    show: (response) => (
      <>
        <StatusBadge status={response.status} /> {isStanding(response) && response.gone_at && <Badge word="gone" tone="bad" />}
        <ResponseFault fault={response.fault} />
      </>
    ),
  },
  { name: "Since", show: (response) => <Moment at={response.created_at} /> },
  { name: "Until", show: (response) => <Until response={response} /> },
  { name: "By run", show: (response) => <Link to={runPath(response.run)}>{response.run}</Link> },
];

const TAKE_BACK: Column<ActiveResponse> = {
  name: "Take back",
  show: (response) => <LiftButton response={response} />,
};

/** What we hold down, and the way to let go. */
export function ResponsesPage() {
  const list = useResponses();
  const mayLift = useMay("response:lift");
  return (
    <Page title="Active responses" command="soar response list">
      <Loaded query={list}>
        {(responses) =>
          responses.length === 0 ? (
            <Empty>
              We hold nothing down. What a run blocks, disables or isolates is listed here until it is taken back.{" "}
              <Link to="/runs">See the runs</Link>
            </Empty>
          ) : (
            <>
              <p className="sentence">{describeHeld(responses.filter(isHeld).length)}</p>
              {!mayLift && <MayNot what="take any of it back" />}
              <Table
                label="Active responses"
                columns={mayLift ? [...COLUMNS, TAKE_BACK] : COLUMNS}
                items={responses}
                keyOf={(response) => response.id}
              />
            </>
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </Page>
  );
}

function describeHeld(count: number): string {
  return count === 0 ? "Everything has been taken back." : `We hold ${countOf(count, "thing")} down.`;
}

function isHeld(response: ActiveResponse): boolean {
  return response.status !== "lifted";
}

function ResponseFault({ fault }: { fault: ActiveResponse["fault"] }) {
  if (!fault) {
    return null;
  }
  return (
    <div className="fault">
      <Inert text={fault} limit={120} />
    </div>
  );
}
