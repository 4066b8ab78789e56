import type { ReactNode } from "react";
import { Inert } from "./Inert";

/** A name and what is known under it; stands in a `dl`. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>
        <Inert text={name} limit={60} />
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
