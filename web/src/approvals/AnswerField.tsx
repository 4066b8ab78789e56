import { useId } from "react";
import type { FormField } from "../api/types";
import { Inert } from "../components/Inert";
import { inert } from "../text/inert";
import { isFolded, listChoices, type Choice } from "./answers";

/** Characters that an answer may have. */
const LONGEST = 4_000;

/** How a value is written whose type does not say it. */
const FORMS: Record<string, string> = {
  timestamp: "such as 2026-11-21T09:00:00Z",
  duration: "such as 1h30m",
  ip: "such as 198.51.100.7",
  url: "such as https://corp.example/page",
};

const KEYBOARDS: Record<string, "decimal" | "email" | "numeric" | "url"> = {
  int: "numeric",
  number: "decimal",
  email: "email",
  url: "url",
};

interface AnswerFieldProps {
  field: FormField;
  typed: string;
  /** What the server said was wrong with it; null if nothing. */
  fault: string | null;
  onType: (text: string) => void;
}

/** One field of the form, with the control that fits its type. */
export function AnswerField({ field, typed, fault, onType }: AnswerFieldProps) {
  const faultId = useId();
  const choices = listChoices(field);
  const control: ControlProps = {
    field,
    typed,
    onType,
    isRequired: !field.has_default,
    described: fault === null ? undefined : faultId,
  };
  return (
    <div className="answer-field">
      {choices === null && <TypedAnswer {...control} />}
      {choices !== null && isFolded(choices) && <ListedChoice {...control} choices={choices} />}
      {choices !== null && !isFolded(choices) && <RadioChoice {...control} choices={choices} />}
      {fault !== null && (
        <p id={faultId} className="fault">
          <Inert text={fault} />
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  field: FormField;
  typed: string;
  onType: (text: string) => void;
  isRequired: boolean;
  /** Id of what says what is wrong, if anything is. */
  described: string | undefined;
}

function FieldLabel({ field }: { field: FormField }) {
  return (
    <>
      <Inert text={field.label} staysCut />
      {field.has_default && <span className="quiet"> (optional)</span>}
    </>
  );
}

function RadioChoice({ field, typed, onType, isRequired, described, choices }: ControlProps & { choices: Choice[] }) {
  const group = useId();
  return (
    <fieldset aria-describedby={described}>
      <legend>
        <FieldLabel field={field} />
      </legend>
      {choices.map((choice, place) => (
        <label key={place} className="inline choice">
          <input
            type="radio"
            name={group}
            checked={typed === String(place)}
            onChange={() => onType(String(place))}
            required={isRequired}
          />
          <Inert text={choice.name} staysCut />
        </label>
      ))}
    </fieldset>
  );
}

function ListedChoice({ field, typed, onType, isRequired, described, choices }: ControlProps & { choices: Choice[] }) {
  return (
    <label>
      <span>
        <FieldLabel field={field} />
      </span>
      <select
        value={typed}
        onChange={(event) => onType(event.target.value)}
        required={isRequired}
        aria-invalid={described !== undefined}
        aria-describedby={described}
      >
        <option value="">Choose…</option>
        {choices.map((choice, place) => (
          <option key={place} value={place}>
            {inert(choice.name)}
          </option>
        ))}
      </select>
    </label>
  );
}

function TypedAnswer({ field, typed, onType, isRequired, described }: ControlProps) {
  const shared = {
    value: typed,
    required: isRequired,
    maxLength: LONGEST,
    "aria-invalid": described !== undefined,
    "aria-describedby": described,
  };
  return (
    <label>
      <span>
        <FieldLabel field={field} />
        {FORMS[field.type] && <span className="quiet">, {FORMS[field.type]}</span>}
      </span>
      {field.type === "string" ? (
        <textarea {...shared} rows={2} onChange={(event) => onType(event.target.value)} />
      ) : (
        <input
          {...shared}
          inputMode={KEYBOARDS[field.type]}
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          onChange={(event) => onType(event.target.value)}
        />
      )}
    </label>
  );
}
