import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { spell } from "../text/words";

interface ChipsProps {
  label: string;
  /** Name of the query parameter that the chips set. */
  parameter: string;
  chosen: string;
  /** Values; the empty one means all. */
  values: readonly string[];
  /** What the empty value is called. */
  all?: string;
}

/** A filter that lives in the page's address, so that it can be shared and gone back from; other filters stay. */
export function Chips({ label, parameter, chosen, values, all = "all" }: ChipsProps) {
  const { query } = useLocation();

  function findPath(value: string): string {
    const wanted = new URLSearchParams(query);
    wanted.delete(parameter);
    if (value) {
      wanted.set(parameter, value);
    }
    return `?${wanted.toString()}`;
  }

  return (
    <nav aria-label={label} className="chips">
      {values.map((value) => (
        <Link
          key={value}
          to={findPath(value)}
          className="chip"
          aria-current={value === chosen ? "true" : undefined}
        >
          {value ? spell(value) : all}
        </Link>
      ))}
    </nav>
  );
}
