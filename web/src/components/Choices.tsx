import type { ReactNode } from "react";

interface ChoicesProps {
  legend: string;
  /** Everything that can be chosen, with what is said beside it. */
  items: readonly { value: string; about?: ReactNode }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** A choice of any number of things. */
export function Choices({ legend, items, chosen, onChange }: ChoicesProps) {
  function turn(value: string, isOn: boolean): void {
    onChange(isOn ? [...chosen, value] : chosen.filter((other) => other !== value));
  }
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {items.map(({ value, about }) => (
        <label key={value} className="inline">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) => turn(value, event.target.checked)}
          />
          <span>
            <code>{value}</code> {about && <span className="quiet">{about}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
