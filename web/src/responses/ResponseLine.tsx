import type { ActiveResponse } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { LiftButton } from "./LiftButton";
import { Until } from "./Until";

/** An active response in a few words, for short lists. */
export function ResponseLine({ response }: { response: ActiveResponse }) {
  return (
    <li>
      <code>{response.action}</code> on <Inert text={response.targets.join(", ")} limit={80} />{" "}
      <StatusBadge status={response.status} />{" "}
      <span className="quiet">
        <Until response={response} />
      </span>{" "}
      <LiftButton response={response} />
    </li>
  );
}
