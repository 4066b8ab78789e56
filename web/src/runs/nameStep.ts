import type { Step } from "../api/types";

/** A step's label; one that its author did not name is labelled with its path, which tells a reader nothing. */
export function nameStep(step: Pick<Step, "label" | "path" | "kind" | "action">): string {
  return step.label === step.path ? `Unnamed: ${step.action ?? step.kind}` : step.label;
}
