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
import { quoteWord, spell } from "../text/words";
import { Matches } from "./Matches";

const SEVERITIES = ["", "critical", "high", "medium", "low"];

/** What the API is asked for, by the word in the page's address. */
const RULES: ReadonlyMap<string, string> = new Map([
  ["", ""],
  ["suppressed", "true"],
  ["not_suppressed", "false"],
]);

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
  { name: "Entities", show: (alert) => <Entities entities={alert.entities} /> },
  { name: "What happened", show: (alert) => <AlertNews alert={alert} /> },
];

export function AlertsPage() {
  const { query } = useLocation();
  const severity = query.get("severity") ?? "";
  const rule = query.get("rule") ?? "";
  const list = useAlerts(severity, RULES.get(rule) ?? "");
  return (
    <Page title="Alerts" command={writeCommand(severity, rule)}>
      <Chips label="Severity" parameter="severity" chosen={severity} values={SEVERITIES} />
      <Chips
        label="Suppression"
        parameter="rule"
        chosen={rule}
        values={[...RULES.keys()]}
        all="suppressed or not"
      />
      <Loaded query={list}>
        {(alerts) =>
          alerts.length === 0 ? (
            <NoAlerts severity={severity} rule={rule} />
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

function NoAlerts({ severity, rule }: { severity: string; rule: string }) {
  const first = useNow().data?.first_alert;
  if (severity || rule) {
    return (
      <Empty>
        No alert{severity && ` of severity ${severity}`}
        {rule && ` that is ${spell(rule)}`}. <Link to="?">Show all alerts</Link>
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

function writeCommand(severity: string, rule: string): string {
  const options = [severity && `--severity ${quoteWord(severity)}`, RULES.get(rule) && `--${rule.replace("_", "-")}`];
  return ["soar alert list", ...options].filter(Boolean).join(" ");
}

function Entities({ entities }: Pick<Alert, "entities">) {
  const text = Object.values(entities).flat().join(", ");
  return text && <Inert text={text} limit={90} />;
}
