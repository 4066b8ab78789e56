import { useAlert } from "../api/queries";
import type { AlertDetail } from "../api/types";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { JsonBlock } from "../components/JsonBlock";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { AlertFields } from "./AlertFields";
import { Matches } from "./Matches";
import { Repeats } from "./Repeats";
import { WhyList } from "./WhyList";

export function AlertPage({ id }: { id: string }) {
  const query = useAlert(id);
  return (
    <Page title={`Alert ${id}`} command={`soar alert show ${id}`}>
      <Loaded query={query}>{(alert) => <AlertBody alert={alert} />}</Loaded>
    </Page>
  );
}

function AlertBody({ alert }: { alert: AlertDetail }) {
  return (
    <>
      <p className="sentence">
        <Inert text={alert.title || alert.kind} />
      </p>
      <section aria-labelledby="happened">
        <h2 id="happened">What happened</h2>
        {alert.matches.length > 0 && <Matches matches={alert.matches} />}
        {alert.matches.length === 0 && (alert.suppressed_by ? <Suppressed rule={alert.suppressed_by} /> : <NoMatch />)}
      </section>
      {alert.burst && (
        <section aria-labelledby="repeats">
          <h2 id="repeats">Repeats</h2>
          <Repeats alert={alert} burst={alert.burst} />
        </section>
      )}
      <section aria-labelledby="why">
        <h2 id="why">Why</h2>
        <WhyList why={alert.why} />
      </section>
      <div className="halves">
        <section aria-labelledby="fields">
          <h2 id="fields">Our fields</h2>
          <AlertFields alert={alert} />
        </section>
        <section aria-labelledby="raw">
          <h2 id="raw">Raw, as received</h2>
          <p className="quiet">Addresses are as the source wrote them.</p>
          <JsonBlock value={alert.raw} label="Raw alert" />
          {alert.delivery && <DeliveryNote delivery={alert.delivery} />}
        </section>
      </div>
    </>
  );
}

function Suppressed({ rule }: { rule: string }) {
  return (
    <Empty>
      The rule {rule} suppressed this alert, so it started nothing. What the rule says, and until when:{" "}
      <code>soar suppress list</code>. Once it is over, or removed with <code>soar suppress remove {rule}</code>, the
      alert can be sent again: <code>soar alert replay</code>
    </Empty>
  );
}

function NoMatch() {
  return (
    <Empty>
      No playbook took this alert, so nothing was done. Below stands what each one asks for, and which part said no.
      Widen that part of its <code>match</code> or write a playbook for this kind, then send the alert again. To try it
      first: <code>soar alert send --check</code>
    </Empty>
  );
}

function DeliveryNote({ delivery }: { delivery: NonNullable<AlertDetail["delivery"]> }) {
  return (
    <details>
      <summary>
        Delivery {delivery.id} from <Inert text={delivery.remote} staysCut />, <Moment at={delivery.received_at} />
      </summary>
      <JsonBlock value={delivery.headers} label="Headers" />
    </details>
  );
}
