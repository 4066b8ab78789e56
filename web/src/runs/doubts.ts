import type { Doubt, Step } from "../api/types";

/** A call of which nobody knows what it did. */
export interface Doubtful {
  path: string;
  label: string;
  doubt: Doubt;
}

/** Lists what people are asked to find out, elements of a loop one by one. */
export function listDoubtful(steps: readonly Step[]): Doubtful[] {
  return steps.flatMap((step) => {
    const own = step.doubt ? [{ path: step.path, label: step.label, doubt: step.doubt }] : [];
    const items = step.items.flatMap((item) =>
      item.doubt ? [{ path: item.path, label: `${step.label}, item ${item.index + 1}`, doubt: item.doubt }] : [],
    );
    return [...own, ...items];
  });
}
