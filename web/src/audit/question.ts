import type { Question } from "../api/auditQueries";

/** The address of the page that asks a question of the record. */
export function questionPath({ q, view }: Question): string {
  const search = new URLSearchParams(Object.entries({ q, view }).filter(([, value]) => value !== ""));
  return search.size === 0 ? "/audit" : `/audit?${search.toString()}`;
}

/** Narrows a query by one value of a field; a value with odd characters, or a star at its end, stands in quotes. */
export function narrow(q: string, field: string, value: string): string {
  const isPlain = /^[^\s",*\\]+$/.test(value);
  const term = `${field}:${isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
  return [q, term].filter((part) => part !== "").join(" ");
}
