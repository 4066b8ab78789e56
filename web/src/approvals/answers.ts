import type { FormField, Json } from "../api/types";

/** From this many choices on a list folds them away. */
const MANY = 8;

/** What was typed into the form by field; of a choice, its place among the choices. */
export type Typed = Record<string, string>;

export interface Choice {
  name: string;
  value: Json;
}

/** What can be chosen for a field; null if it is typed. */
export function listChoices(field: FormField): Choice[] | null {
  if (field.enum.length > 0) {
    return field.enum.map((value) => ({ name: typeof value === "string" ? value : JSON.stringify(value), value }));
  }
  return field.type === "bool" ? [YES, NO] : null;
}

const YES: Choice = { name: "Yes", value: true };
const NO: Choice = { name: "No", value: false };

/** Whether the choices stand in a list that opens, and not side by side. */
export function isFolded(choices: readonly Choice[]): boolean {
  return choices.length >= MANY;
}

/** The form as it opens: each default filled in. */
export function typeDefaults(fields: readonly FormField[]): Typed {
  return Object.fromEntries(fields.map((field) => [field.name, typeDefault(field)]));
}

function typeDefault(field: FormField): string {
  if (!field.has_default || field.default === null) {
    return "";
  }
  const choices = listChoices(field);
  if (choices) {
    const place = choices.findIndex((choice) => choice.value === field.default);
    return place < 0 ? "" : String(place);
  }
  return typeof field.default === "string" ? field.default : JSON.stringify(field.default);
}

/** What is sent: the default is the server's to fill in where nothing was typed. */
export function readAnswers(fields: readonly FormField[], typed: Typed): Record<string, Json> {
  const given = fields.filter((field) => typed[field.name] !== "");
  return Object.fromEntries(given.map((field) => [field.name, readAnswer(field, typed[field.name] ?? "")]));
}

/** A number that is none is sent as it was typed, for the server to say so. */
function readAnswer(field: FormField, text: string): Json {
  const choice = listChoices(field)?.[Number(text)];
  if (choice) {
    return choice.value;
  }
  const isNumber = field.type === "int" || field.type === "number";
  return isNumber && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
