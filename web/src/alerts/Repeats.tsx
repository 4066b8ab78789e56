import type { AlertDetail } from "../api/types";
import { JsonBlock } from "../components/JsonBlock";
import { Moment } from "../components/Moment";

/** How often an alert came, and the first of its repeats. */
export function Repeats({ alert, burst }: { alert: AlertDetail; burst: NonNullable<AlertDetail["burst"]> }) {
  return (
    <>
      <p>
        It came {burst.count === 1 ? "once" : `${burst.count} times`}, first <Moment at={burst.first_at} />
        {burst.count > 1 && (
          <>
            {" "}
            and last <Moment at={burst.last_at} />
          </>
        )}
        .
      </p>
      {alert.samples.map((sample) => (
        <details key={sample.delivery + sample.at}>
          <summary>
            A repeat, <Moment at={sample.at} />, in delivery {sample.delivery}
          </summary>
          <JsonBlock value={sample.raw} label="Repeat" />
        </details>
      ))}
    </>
  );
}
