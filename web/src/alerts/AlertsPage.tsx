import { useAlerts, useNow } from "../api/queries";
import type { Alert } from "../api/types";
import { SeverityBadge } from "../components/badges";
import { Chips } from "../components/Chips";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { FirstAlert } from "../now/FirstAlert";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { alertPath } from "../router/paths";
import { Matches } from "./Matches";

const SEVERITIES = ["", "critical", "high", "medium", "low"];

const COLUMNS: readonly Column<Alert>[] = [
  { name: "Time", show: (alert) => <Moment at={alert.time ?? alert.received_at} /> },
  { name: "Source", show: (alert) => alert.source },
  { name: "Severity", show: (alert) => <SeverityBadge severity={alert.severity} /> },
  {
    name: "Title",
    isWide: true,
    show: (alert) => (
      <>
        <Link to={alertPath(alert.id)}>
          <Inert text={alert.title || alert.kind} limit={120} staysCut />
        </Link>
        {alert.burst && alert.burst.count > 1 && <span className="quiet"> {alert.burst.count} times</span>}
      </>
    ),
  },
  { name: "Entities", show: (alert) => <Inert text={listEntities(alert.entities)} limit={90} /> },
  { name: "What happened", show: (alert) => <AlertNews alert={alert} /> },
];

export function AlertsPage() {
  const severity = useLocation().query.get("severity") ?? "";
  const list = useAlerts(severity);
  const command = severity ? `soar alert list --severity ${severity}` : "soar alert list";
  return (
    <Page title="Alerts" command={command}>
      <Chips label="Severity" parameter="severity" chosen={severity} values={SEVERITIES} />
      <Loaded query={list}>
        {(alerts) =>
          alerts.length === 0 ? (
            <NoAlerts severity={severity} />
          ) : (
            <Table label="Alerts" columns={COLUMNS} items={alerts} keyOf={(alert) => alert.id} />
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </Page>
  );
}

function AlertNews({ alert }: { alert: Alert }) {
  if (alert.suppressed_by) {
    return <>suppressed by {alert.suppressed_by}</>;
  }
  return alert.matches.length > 0 ? (
    <Matches matches={alert.matches} />
  ) : (
    <>
      no playbook took it: <Link to={alertPath(alert.id)}>see why</Link>
    </>
  );
}

function NoAlerts({ severity }: { severity: string }) {
  const first = useNow().data?.first_alert;
  if (severity) {
    return (
      <Empty>
        No alert of severity {severity}. <Link to="?">Show all alerts</Link>
      </Empty>
    );
  }
  return first ? (
    <FirstAlert first={first} />
  ) : (
    <Empty>
      What your sources send is listed here. Nothing has come in. Where each source posts: <code>soar source list</code>
    </Empty>
  );
}

function listEntities(entities: Alert["entities"]): string {
  return Object.values(entities).flat().join(", ");
}
