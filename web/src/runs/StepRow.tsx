import { useId, useState } from "react";
import type { Step } from "../api/types";
import { EffectBadge, StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { formatTook } from "../text/time";
import { nameStep } from "./nameStep";
import { StepDetail } from "./StepDetail";

/** Deepest indent that is drawn; deeper steps stand below it. */
const DEEPEST = 6;

/** A step on one line; opened, all that is known about it. A failed step is open from the start. */
export function StepRow({ step, columns }: { step: Step; columns: number }) {
  const [choice, setChoice] = useState<boolean | null>(null);
  const isOpen = choice ?? step.status === "failed";
  const detailId = useId();
  const short = step.reason ?? step.fault?.message;
  return (
    <>
      <tr role="row">
        <td role="cell" data-label="Step" className={`depth-${Math.min(step.depth, DEEPEST)}`}>
          <button
            type="button"
            className="disclosure"
            aria-expanded={isOpen}
            aria-controls={detailId}
            onClick={() => setChoice(!isOpen)}
          >
            <Inert text={nameStep(step)} limit={120} staysCut />
          </button>
          {step.is_handler && <span className="quiet"> (handler)</span>}
        </td>
        <td role="cell" data-label="Action">
          <div>
            {step.action ? <code>{step.action}</code> : <span className="quiet">{step.kind}</span>}{" "}
            {step.effect && step.effect !== "read" && <EffectBadge effect={step.effect} />}
          </div>
        </td>
        <td role="cell" data-label="Status">
          <div>
            <StatusBadge status={step.status} />
            {step.attempt > 1 && <span className="quiet"> attempt {step.attempt}</span>}
            {short && !isOpen && (
              <div className="quiet">
                <Inert text={short} limit={100} />
              </div>
            )}
          </div>
        </td>
        <td role="cell" data-label="Took">
          <div>{formatTook(step.started_at, step.finished_at)}</div>
        </td>
      </tr>
      <tr role="row" id={detailId} hidden={!isOpen} className="detail">
        <td role="cell" colSpan={columns}>
          {isOpen && <StepDetail step={step} />}
        </td>
      </tr>
    </>
  );
}
