import { Link } from "../router/Link";
import { spell } from "../text/words";

interface ChipsProps {
  label: string;
  /** Name of the query parameter that the chips set. */
  parameter: string;
  chosen: string;
  /** Values; the empty one means all. */
  values: readonly string[];
}

/** A filter that lives in the page's address, so that it can be shared and gone back from. */
export function Chips({ label, parameter, chosen, values }: ChipsProps) {
  return (
    <nav aria-label={label} className="chips">
      {values.map((value) => (
        <Link
          key={value}
          to={value ? `?${parameter}=${value}` : "?"}
          className="chip"
          aria-current={value === chosen ? "true" : undefined}
        >
          {value ? spell(value) : "all"}
        </Link>
      ))}
    </nav>
  );
}
