import type { Fault, Json, Step, StepItem } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { JsonBlock } from "../components/JsonBlock";
import { Moment } from "../components/Moment";
import { Link } from "../router/Link";
import { approvalPath } from "../router/paths";
import { countOf } from "../text/words";

/** All that is known about a step: what went in, what came out, and why it ended as it did. */
export function StepDetail({ step }: { step: Step }) {
  return (
    <dl className="facts">
      {step.reason && (
        <Fact name={step.status === "skipped" ? "Why skipped" : "Reason"}>
          <Inert text={step.reason} />
        </Fact>
      )}
      {step.fault && (
        <Fact name="Fault">
          <FaultText fault={step.fault} />
        </Fact>
      )}
      {step.approval && (
        <Fact name="Approval">
          <Link to={approvalPath(step.approval)}>{step.approval}</Link> {step.outcome ?? "waits for an answer"}
        </Fact>
      )}
      {step.arguments !== null && (
        <Fact name="Input">
          <JsonBlock value={step.arguments} label={`Input of ${step.path}`} />
        </Fact>
      )}
      {step.items.length > 0 ? (
        <Fact name="Items">
          <Items items={step.items} path={step.path} />
        </Fact>
      ) : (
        step.output !== null && (
          <Fact name="Output">
            <JsonBlock value={step.output} label={`Output of ${step.path}`} />
          </Fact>
        )
      )}
      {step.started_at && (
        <Fact name="Started">
          <Moment at={step.started_at} />
        </Fact>
      )}
      <Fact name="Path">
        <code>{step.id ? `steps.${step.id}.output` : step.path}</code>
      </Fact>
    </dl>
  );
}

function Items({ items, path }: { items: readonly StepItem[]; path: string }) {
  return (
    <ol className="plain">
      {items.map((item) => (
        <li key={item.index}>
          <details open={item.fault !== null}>
            <summary>
              {item.index + 1}. <Inert text={nameItem(item.item)} limit={120} staysCut />{" "}
              <StatusBadge status={item.status} />
            </summary>
            {item.fault && <FaultText fault={item.fault} />}
            {item.output !== null && <JsonBlock value={item.output} label={`Output ${item.index + 1} of ${path}`} />}
          </details>
        </li>
      ))}
    </ol>
  );
}

function nameItem(item: Json): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}

function FaultText({ fault }: { fault: Fault }) {
  return (
    <p className="fault">
      <Inert text={fault.message} />{" "}
      <span className="quiet">{`(${fault.code}, ${countOf(fault.attempts, "attempt")})`}</span>
    </p>
  );
}
