import type { ActiveResponse } from "../api/types";
import { Moment } from "../components/Moment";

/** When an active response ends or ended. */
export function Until({ response }: { response: ActiveResponse }) {
  if (response.lifted_at) {
    return (
      <>
        lifted <Moment at={response.lifted_at} />
      </>
    );
  }
  if (response.expires_at) {
    return (
      <>
        {response.status === "overdue" ? "was due" : "until"} <Moment at={response.expires_at} />
      </>
    );
  }
  return <>until somebody lifts it</>;
}
