import type { Problem } from "./types";

/** A refusal or failure of the API, in the words of its problem document. */
export class ApiError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly hint: string;
  readonly errors: readonly { pointer: string; message: string }[];

  constructor(problem: Partial<Problem> & { status: number }) {
    super(problem.detail || problem.title || `The server answered ${problem.status}.`);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code ?? "";
    this.title = problem.title ?? "";
    this.hint = problem.hint ?? "";
    this.errors = problem.errors ?? [];
  }
}
