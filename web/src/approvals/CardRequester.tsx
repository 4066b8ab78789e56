import type { Approval } from "../api/types";
import { Inert } from "../components/Inert";
import { Link } from "../router/Link";
import { alertPath, runPath } from "../router/paths";
import { nameEligible, nameRevision } from "../text/words";

/** Who asks, with which revision and for which alert, and who may answer. */
export function CardRequester({ approval }: { approval: Approval }) {
  return (
    <p className="approval-meta">
      Asked by playbook {nameRevision(approval)}, run <Link to={runPath(approval.run)}>{approval.run}</Link>
      {approval.alert && (
        <>
          {" for alert "}
          <Link to={alertPath(approval.alert)}>{approval.alert}</Link>
        </>
      )}
      {". Who may: "}
      <Inert text={nameEligible(approval.by)} />
      {approval.quorum > 1 && `, ${approval.quorum} different people`}.
    </p>
  );
}
