import { useState } from "react";
import { useRun } from "../api/queries";
import type { RunDetail } from "../api/types";
import { ApprovalCard } from "../approvals/ApprovalCard";
import { JsonBlock } from "../components/JsonBlock";
import { Loaded } from "../components/Loaded";
import { Page } from "../components/Page";
import { ResponseLine } from "../responses/ResponseLine";
import { Link } from "../router/Link";
import { runPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { CancelDialog } from "./CancelDialog";
import { Decisions } from "./Decisions";
import { Doubts } from "./Doubts";
import { RetryDialog } from "./RetryDialog";
import { RunHeader } from "./RunHeader";
import { isOpen, isRetriable } from "./runSentence";
import { StepTable } from "./StepTable";
import { UndoDialog } from "./UndoDialog";

export function RunPage({ id }: { id: string }) {
  const query = useRun(id);
  return (
    <Page title={`Run ${id}`} command={`soar run show ${id}`}>
      <Loaded query={query}>{(run) => <RunBody run={run} />}</Loaded>
    </Page>
  );
}

function RunBody({ run }: { run: RunDetail }) {
  const pending = run.approvals.filter((approval) => approval.status === "pending");
  return (
    <>
      <RunHeader run={run} />
      {run.retried_by.length > 0 && (
        <p className="meta">
          tried again by{" "}
          {run.retried_by.map((again) => (
            <Link key={again} to={runPath(again)}>
              {again}
            </Link>
          ))}
        </p>
      )}
      <RunButtons run={run} />
      {pending.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      <Doubts run={run} />
      <Decisions approvals={run.approvals} />
      <section aria-labelledby="steps">
        <h2 id="steps">Steps</h2>
        <StepTable run={run} />
      </section>
      {run.responses.length > 0 && (
        <section aria-labelledby="responses">
          <h2 id="responses">Active responses of this run</h2>
          <ul className="lines">
            {run.responses.map((response) => (
              <ResponseLine key={response.id} response={response} />
            ))}
          </ul>
        </section>
      )}
      <details>
        <summary>Inputs and outputs</summary>
        <h3>Inputs</h3>
        <JsonBlock value={run.inputs} label="Inputs" />
        <h3>Outputs</h3>
        <JsonBlock value={run.outputs} label="Outputs" />
      </details>
    </>
  );
}

export function RunButtons({ run }: { run: RunDetail }) {
  const [asking, setAsking] = useState<"cancel" | "retry" | "undo" | null>(null);
  const held = run.responses.filter((response) => response.status === "active" || response.status === "overdue");
  const close = () => setAsking(null);
  const mayCancel = useMay("run:cancel");
  const mayRetry = useMay("run:retry");
  const mayUndo = useMay("run:undo");
  const refused = [
    isOpen(run) && !mayCancel && "cancel this run",
    isRetriable(run) && !mayRetry && "try it again",
    held.length > 0 && !mayUndo && "undo what it did",
  ];
  const what = refused.filter((part) => part !== false).join(" or ");
  return (
    <div className="buttons">
      {what && <MayNot what={what} />}
      {isOpen(run) && mayCancel && (
        <button type="button" onClick={() => setAsking("cancel")}>
          Cancel…
        </button>
      )}
      {isRetriable(run) && mayRetry && (
        <button type="button" onClick={() => setAsking("retry")}>
          Try again…
        </button>
      )}
      {held.length > 0 && mayUndo && (
        <button type="button" onClick={() => setAsking("undo")}>
          Undo…
        </button>
      )}
      {asking === "cancel" && <CancelDialog run={run.id} held={held.length} onClose={close} />}
      {asking === "retry" && <RetryDialog run={run} onClose={close} />}
      {asking === "undo" && <UndoDialog run={run.id} held={held} onClose={close} />}
    </div>
  );
}
