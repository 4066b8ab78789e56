import { useCheckResponse } from "../api/commands";
import type { ActiveResponse } from "../api/types";
import { Problem } from "../components/Problem";
import { useMay } from "../shell/SessionContext";

/** Has a run look whether a change is still there; nothing where its connector cannot tell. */
export function CheckButton({ response }: { response: ActiveResponse }) {
  const check = useCheckResponse(response.id);
  const mayLook = useMay("response:inspect");
  if (!mayLook || !response.is_checkable) {
    return null;
  }
  return (
    <>
      <button type="button" className="small" disabled={check.isPending} onClick={() => check.mutate()}>
        Look now
      </button>
      {check.error && <Problem error={check.error} />}
    </>
  );
}
