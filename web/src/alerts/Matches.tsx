import type { Match } from "../api/types";
import { Inert } from "../components/Inert";
import { Link } from "../router/Link";
import { runPath } from "../router/paths";

const VERBS: Record<Match["relation"], string> = {
  started: "started",
  attached: "attached to",
  dropped: "dropped by",
  rejected: "rejected by",
};

/** What the playbooks did with an alert. */
export function Matches({ matches }: { matches: readonly Match[] }) {
  return (
    <ul className="plain">
      {matches.map((match) => (
        <li key={match.playbook + match.relation}>
          {VERBS[match.relation]} {match.playbook}
          {match.run && (
            <>
              {" "}
              <Link to={runPath(match.run)}>{match.run}</Link>
            </>
          )}
          {match.reason && (
            <span className="quiet">
              : <Inert text={match.reason} limit={120} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
