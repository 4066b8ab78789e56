import { useCurrentSession } from "./SessionContext";

/** What everybody on every page must know: nothing acts, or what is shown may be seconds old. */
export function Banners({ isLive }: { isLive: boolean }) {
  const { installation } = useCurrentSession();
  return (
    <div role="status" className="banners">
      {installation.frozen && (
        <p className="banner banner-bad">
          Frozen: no action is started until somebody lifts the freeze.
        </p>
      )}
      {!isLive && <p className="banner">Live updates are down. This page asks the server again every 5 seconds.</p>}
    </div>
  );
}
