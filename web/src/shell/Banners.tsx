import { useNow } from "../api/queries";
import type { Freeze } from "../api/types";
import { Inert } from "../components/Inert";
import { nameFreeze } from "../freezes/nameFreeze";
import { Link } from "../router/Link";
import { useMay } from "./SessionContext";

/** What everybody on every page must know: what may not act, or that what is shown may be seconds old. */
export function Banners({ isLive }: { isLive: boolean }) {
  const freezes = useNow().data?.freezes ?? [];
  return (
    <div role="status" className="banners">
      {freezes.length > 0 && <FrozenBanner freezes={freezes} />}
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
