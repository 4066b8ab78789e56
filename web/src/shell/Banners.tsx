import type { Opening } from "../api/emergencies";
import { useNow } from "../api/queries";
import type { Freeze } from "../api/types";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { nameFreeze } from "../freezes/nameFreeze";
import { Link } from "../router/Link";
import { useMay } from "./SessionContext";

/** What everybody on every page must know: what may not act, or that what is shown may be seconds old. */
export function Banners({ isLive }: { isLive: boolean }) {
  const { freezes = [], emergencies = [] } = useNow().data ?? {};
  const open = emergencies.filter((opening) => !opening.closed_at);
  return (
    <div role="status" className="banners">
      {freezes.length > 0 && <FrozenBanner freezes={freezes} />}
      {open.map((opening) => (
        <EmergencyBanner key={opening.id} opening={opening} />
      ))}
      {!isLive && <p className="banner">Live updates are down. This page asks the server again every 5 seconds.</p>}
    </div>
  );
}

function FrozenBanner({ freezes }: { freezes: readonly Freeze[] }) {
  const mayRead = useMay("policy:read");
  const whole = freezes.find((freeze) => freeze.kind === "everything");
  const shown = whole ? [whole] : freezes;
  return (
    <p className="banner banner-bad">
      <strong>Frozen:</strong> <Inert text={shown.map(nameFreeze).join(", ")} limit={200} />. No such write is begun.{" "}
      {mayRead && <Link to="/freezes">Why, and who lets it go on</Link>}
    </p>
  );
}

function EmergencyBanner({ opening }: { opening: Opening }) {
  const mayRead = useMay("emergency:read");
  return (
    <p className="banner banner-bad">
      <strong>Emergency access</strong> of <Inert text={opening.opened_by} limit={60} /> until{" "}
      <Moment at={opening.expires_at} />: <Inert text={opening.reason} limit={200} />{" "}
      {mayRead && <Link to="/emergencies">See what is done with it</Link>}
    </p>
  );
}
