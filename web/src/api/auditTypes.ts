import type { Json } from "./types";

/** An event as it is recorded, with its number and the sentence that says the same. */
export interface AuditEvent {
  sequence: number;
  sentence: string;
  id: string;
  at: string;
  [recorded: string]: Json;
}

export interface AuditVerdict {
  is_sound: boolean;
  size: number;
  checkpoints: number;
  last_checkpoint: string | null;
  root: string;
  faults: string[];
  remarks: string[];
  summary: string;
}

/** A ready-made question; one that is narrowed means not everything that its query finds. */
export interface AuditView {
  name: string;
  title: string;
  query: string;
  is_narrowed: boolean;
}

export interface Tally {
  value: string;
  count: number;
}

/** How the newest events that match are spread. */
export interface Facets {
  counted: number;
  is_complete: boolean;
  types: Tally[];
  actors: Tally[];
  outcomes: Tally[];
  days: Tally[];
}
