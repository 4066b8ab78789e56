import { formatMoment } from "../text/time";
import { useClock } from "../text/useClock";

/** A time on the reader's clock; the exact one in UTC stands behind it. */
export function Moment({ at }: { at: string }) {
  const now = useClock();
  return (
    <time dateTime={at} title={at}>
      {formatMoment(at, now)}
    </time>
  );
}
