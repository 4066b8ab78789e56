import type { RunDetail } from "../api/types";
import { StepRow } from "./StepRow";

const COLUMNS = ["Step", "Action", "Status", "Took"];

/** The steps of a run in the playbook's order; those of a group stand indented under it. */
export function StepTable({ run }: { run: RunDetail }) {
  return (
    <table role="table" aria-label="Steps" className="stacks steps">
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {run.steps.map((step) => (
          <StepRow key={step.path} step={step} columns={COLUMNS.length} />
        ))}
      </tbody>
    </table>
  );
}
