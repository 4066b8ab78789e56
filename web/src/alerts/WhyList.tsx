import type { Why } from "../api/types";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";

/** For each playbook as it is today: whether it takes the alert, and which part of its `match` decides. */
export function WhyList({ why }: { why: readonly Why[] }) {
  if (why.length === 0) {
    return (
      <Empty>
        No playbook listens to this source. One does that names it under <code>on: alert: source:</code>
      </Empty>
    );
  }
  return (
    <ul className="why">
      {why.map((playbook) => (
        <li key={playbook.playbook}>
          <Mark isGood={playbook.is_match} /> <strong>{playbook.playbook}</strong>{" "}
          {playbook.is_match ? "takes it" : "does not take it"}
          <ul>
            {playbook.conditions.map((condition) => (
              <Condition key={condition.source} condition={condition} />
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Condition({ condition }: { condition: Why["conditions"][number] }) {
  const isPlain = condition.value === "true" || condition.value === "false";
  return (
    <li className={condition.is_deciding ? "is-deciding" : undefined}>
      {isPlain ? <Mark isGood={condition.value === "true"} /> : <span className="mark" />}{" "}
      <code>
        <Inert text={condition.source} />
      </code>{" "}
      is <Inert text={condition.value} />
      {condition.is_deciding && " (this decides)"}
    </li>
  );
}

function Mark({ isGood }: { isGood: boolean }) {
  return (
    <span className={isGood ? "mark mark-good" : "mark mark-bad"} role="img" aria-label={isGood ? "yes" : "no"}>
      {isGood ? "✔" : "✖"}
    </span>
  );
}
