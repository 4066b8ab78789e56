import { useSignOut } from "../api/session";
import { useNow } from "../api/queries";
import type { Permission } from "../api/types";
import { Link } from "../router/Link";
import { useCurrentSession } from "./SessionContext";

interface Place {
  path: string;
  name: string;
  needs?: Permission;
}

const PLACES: readonly Place[] = [
  { path: "/", name: "Now" },
  { path: "/alerts", name: "Alerts", needs: "alert:read" },
  { path: "/runs", name: "Runs", needs: "run:read" },
  { path: "/approvals", name: "Approvals", needs: "approval:read" },
  { path: "/responses", name: "Active responses", needs: "response:read" },
  { path: "/freezes", name: "Freezes", needs: "policy:read" },
  { path: "/standing", name: "Standing approvals", needs: "policy:read" },
  { path: "/oncall", name: "On call", needs: "policy:read" },
  { path: "/emergencies", name: "Emergencies", needs: "emergency:read" },
  { path: "/audit", name: "Audit", needs: "audit:read" },
  { path: "/people", name: "People", needs: "user:read" },
  { path: "/account", name: "Account" },
];

/** The way to every page that the session may read; a bar on top where the window is narrow. */
export function Rail({ path, onKeys }: { path: string; onKeys: () => void }) {
  const { user, installation, permissions } = useCurrentSession();
  const waiting = useNow().data?.counts.waiting ?? 0;
  const signOut = useSignOut();
  return (
    <header className="rail">
      <p className="rail-name">
        <strong>soar</strong> <span className="quiet">{installation.version}</span>
        {installation.is_demo && <span className="badge badge-neutral">demo</span>}
      </p>
      <nav aria-label="Pages">
        <ul>
          {PLACES.filter(({ needs }) => !needs || permissions.includes(needs)).map((place) => (
            <li key={place.path}>
              <Link to={place.path} aria-current={isWithin(place.path, path) ? "page" : undefined}>
                {place.name}
                {place.path === "/approvals" && waiting > 0 && (
                  <span className="count">
                    {waiting}
                    <span className="unseen"> waiting</span>
                  </span>
                )}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="rail-foot">
        <span className="quiet">
          {user.name} ({user.roles.join(", ") || "no role"})
        </span>
        <button type="button" className="small" onClick={onKeys}>
          Keys <kbd>?</kbd>
        </button>
        <button type="button" className="small" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </button>
      </div>
    </header>
  );
}

function isWithin(place: string, path: string): boolean {
  return place === "/" ? path === "/" : path === place || path.startsWith(`${place}/`);
}
