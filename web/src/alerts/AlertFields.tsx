import type { AlertDetail, Observable } from "../api/types";
import { Badge } from "../components/Badge";
import { SeverityBadge } from "../components/badges";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";

/** An alert in our words. */
export function AlertFields({ alert }: { alert: AlertDetail }) {
  return (
    <dl className="facts">
      <Fact name="Severity">
        <SeverityBadge severity={alert.severity} />
      </Fact>
      <Fact name="Kind">
        <Inert text={alert.kind} />
      </Fact>
      <Fact name="Source">{alert.source}</Fact>
      <Fact name="Time">{alert.time ? <Moment at={alert.time} /> : "the source did not say"}</Fact>
      <Fact name="Received">
        <Moment at={alert.received_at} />
      </Fact>
      {alert.url && (
        <Fact name="Address">
          <Inert text={alert.url} />
        </Fact>
      )}
      {Object.keys(alert.entities).map((kind) => (
        <Fact key={`entity ${kind}`} name={kind}>
          <ul className="plain">
            {alert.observables
              .filter((observable) => observable.kind === kind)
              .map((observable) => (
                <li key={observable.value}>
                  <Inert text={observable.value} /> <ObservableNote observable={observable} />
                </li>
              ))}
          </ul>
        </Fact>
      ))}
      {Object.entries(alert.labels).map(([name, value]) => (
        <Fact key={`label ${name}`} name={`label ${name}`}>
          <Inert text={value} />
        </Fact>
      ))}
      <Fact name="Fingerprint">{alert.fingerprint ? <Inert text={alert.fingerprint} /> : "none"}</Fact>
    </dl>
  );
}

/** What is worth knowing of an observable before anybody acts on it. */
function ObservableNote({ observable }: { observable: Observable }) {
  if (observable.scope !== null && observable.scope !== "public") {
    return <Badge word={observable.scope} tone="wait" />;
  }
  return observable.type === null ? <span className="quiet">does not look like one</span> : null;
}
