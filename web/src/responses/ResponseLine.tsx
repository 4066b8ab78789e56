import type { ActiveResponse } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { Targets } from "../components/Targets";
import { Link } from "../router/Link";
import { responsePath } from "../router/paths";
import { LiftButton } from "./LiftButton";
import { describeLifter } from "./lifter";
import { Until } from "./Until";

/** An active response in a few words, for short lists. */
export function ResponseLine({ response }: { response: ActiveResponse }) {
  return (
    <li>
      <Link to={responsePath(response.id)}>
        <code>{response.action}</code>
      </Link>{" "}
      on <Targets targets={response.targets} />{" "}
      <StatusBadge status={response.status} />{" "}
      <span className="quiet">
        <Until response={response} />
        {response.status === "lifted" && response.lifted_by && (
          <>
            {" "}
            <Inert text={describeLifter(response.lifted_by)} limit={60} />
          </>
        )}
      </span>{" "}
      <LiftButton response={response} />
    </li>
  );
}
