import type { Run } from "../api/types";
import { ModeBadge, StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { Link } from "../router/Link";
import { alertPath, runPath } from "../router/paths";
import { useClock } from "../text/useClock";
import { nameRevision } from "../text/words";
import { describeRun } from "./runSentence";

/** What a run is and how it stands. */
export function RunHeader({ run }: { run: Run }) {
  const now = useClock();
  return (
    <>
      <p className="sentence">
        <Inert text={describeRun(run, now)} />
      </p>
      <p className="meta">
        <StatusBadge status={run.status} /> <ModeBadge mode={run.mode} />
        <span>{nameRevision(run)}</span>
        {run.alert && (
          <span>
            alert <Link to={alertPath(run.alert)}>{run.alert}</Link>
          </span>
        )}
        {run.retry_of && (
          <span>
            tries <Link to={runPath(run.retry_of)}>{run.retry_of}</Link> again
          </span>
        )}
        {run.case && <span>case {run.case}</span>}
        <span>
          started by <Inert text={`${run.initiator.kind} ${run.initiator.name}`} limit={60} />,{" "}
          <Moment at={run.created_at} />
        </span>
      </p>
    </>
  );
}
