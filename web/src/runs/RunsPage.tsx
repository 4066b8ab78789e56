import { useRuns } from "../api/queries";
import type { Run } from "../api/types";
import { ModeBadge, StatusBadge } from "../components/badges";
import { Chips } from "../components/Chips";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { alertPath, runPath } from "../router/paths";
import { namePrincipals, spell } from "../text/words";

const STATUSES = ["", "waiting", "running", "failed", "succeeded", "denied", "cancelled", "timed_out"];

const COLUMNS: readonly Column<Run>[] = [
  { name: "Run", show: (run) => <Link to={runPath(run.id)}>{run.id}</Link> },
  { name: "Playbook", show: (run) => run.playbook_name },
  {
    name: "Status",
    show: (run) => (
      <>
        <StatusBadge status={run.status} /> {run.mode !== "live" && <ModeBadge mode={run.mode} />}
      </>
    ),
  },
  { name: "Waits for, or why", show: (run) => <RunNews run={run} /> },
  { name: "Alert", show: (run) => (run.alert ? <Link to={alertPath(run.alert)}>{run.alert}</Link> : "none") },
  { name: "Started by", show: (run) => <Inert text={`${run.initiator.kind} ${run.initiator.name}`} limit={60} /> },
  { name: "Created", show: (run) => <Moment at={run.created_at} /> },
];

export function RunsPage() {
  const status = useLocation().query.get("status") ?? "";
  const list = useRuns(status);
  return (
    <Page title="Runs" command={status ? `soar run list --status ${status}` : "soar run list"}>
      <Chips label="Status" parameter="status" chosen={status} values={STATUSES} />
      <Loaded query={list}>
        {(runs) =>
          runs.length === 0 ? (
            <NoRuns status={status} />
          ) : (
            <Table label="Runs" columns={COLUMNS} items={runs} keyOf={(run) => run.id} />
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </Page>
  );
}

function RunNews({ run }: { run: Run }) {
  if (run.waiting_for) {
    return (
      <strong>
        <Inert text={namePrincipals(run.waiting_for)} limit={140} />
      </strong>
    );
  }
  return run.reason ? <Inert text={run.reason} limit={140} /> : null;
}

function NoRuns({ status }: { status: string }) {
  return status ? (
    <Empty>
      No run is {spell(status)}. <Link to="?">Show all runs</Link>
    </Empty>
  ) : (
    <Empty>
      A playbook that takes an alert starts a run, and it is listed here. No playbook has taken one.{" "}
      <Link to="/alerts">See the alerts, and why</Link>
    </Empty>
  );
}
