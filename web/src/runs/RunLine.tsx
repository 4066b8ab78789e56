import type { Run } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { Link } from "../router/Link";
import { runPath } from "../router/paths";
import { namePrincipals } from "../text/words";

/** A run in a few words, for short lists. */
export function RunLine({ run }: { run: Run }) {
  const news = run.waiting_for ? `waits for ${namePrincipals(run.waiting_for)}` : run.reason;
  return (
    <li>
      <Link to={runPath(run.id)}>{run.playbook_name}</Link> <StatusBadge status={run.status} />{" "}
      <span className="quiet">
        <Moment at={run.finished_at ?? run.started_at ?? run.created_at} />
      </span>
      {news && (
        <div>
          <Inert text={news} limit={140} />
        </div>
      )}
    </li>
  );
}
