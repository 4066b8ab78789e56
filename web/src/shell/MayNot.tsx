import { explainRoles } from "../text/words";
import { useCurrentSession } from "./SessionContext";

/** Why a button or a page is not here; `what` is what the reader may not do, such as `cancel this run`. */
export function MayNot({ what }: { what: string }) {
  const { user } = useCurrentSession();
  return <p className="may-not">{explainRoles(user.roles, what)}</p>;
}
