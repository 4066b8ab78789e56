/** Shapes of the HTTP API under /api/v1. Times are RFC 3339 in UTC. */
import type { Opening } from "./emergencies";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  hint: string;
  errors: { pointer: string; message: string }[];
}

/** What the pages ask of a session's permissions; the server knows more of them. */
export type Permission =
  | "alert:read"
  | "run:read"
  | "run:cancel"
  | "run:retry"
  | "run:undo"
  | "run:settle"
  | "approval:read"
  | "approval:vote"
  | "response:read"
  | "response:lift"
  | "response:inspect"
  | "response:extend"
  | "response:keep"
  | "policy:read"
  | "freeze:write"
  | "emergency:read"
  | "emergency:review"
  | "message:read"
  | "audit:read"
  | "audit:verify"
  | "user:read"
  | "user:write"
  | "role:read"
  | "token:read"
  | "token:write";

export interface Session {
  user: { id: string; name: string; email: string; roles: string[] };
  permissions: string[];
  csrf: string;
  authenticated_at: string | null;
  /** When a second factor was last shown. */
  mfa_at: string | null;
  expires_at: string;
  installation: { version: string; is_demo: boolean; url: string };
}

export type Severity = "low" | "medium" | "high" | "critical";

export interface Match {
  playbook: string;
  relation: "started" | "attached" | "dropped" | "rejected";
  run: string | null;
  reason: string | null;
}

export interface Alert {
  id: string;
  source: string;
  kind: string;
  title: string;
  severity: Severity;
  time: string | null;
  received_at: string;
  url: string | null;
  entities: Record<string, string[]>;
  labels: Record<string, string>;
  fingerprint: string;
  /** The rule under which it starts nothing. */
  suppressed_by: string | null;
  /** How many of its fingerprint came, itself among them; null where its source does not group. */
  burst: { count: number; first_at: string; last_at: string } | null;
  matches: Match[];
}

/** An entity of an alert, with what its shape tells: `type` is null where it does not look like one of its kind. */
export interface Observable {
  kind: string;
  value: string;
  type: string | null;
  scope: string | null;
}

/** Whether a playbook of today takes an alert, and why. */
export interface Why {
  playbook: string;
  is_match: boolean;
  conditions: { source: string; value: string; is_deciding: boolean }[];
}

export interface AlertDetail extends Alert {
  raw: Json;
  observables: Observable[];
  /** Its first repeats, as far as they are kept. */
  samples: { delivery: string; at: string; raw: Json }[];
  /** The request it came in; null once that is no longer kept. */
  delivery: { id: string; remote: string; headers: Record<string, string>; received_at: string } | null;
  why: Why[];
}

export type RunStatus =
  "queued" | "running" | "waiting" | "succeeded" | "failed" | "denied" | "cancelled" | "rejected" | "timed_out";

export type Mode = "live" | "supervised" | "shadow";

/** Who or what started a run. */
export interface Initiator {
  kind: string;
  name: string;
}

export interface Run {
  id: string;
  playbook: string;
  playbook_name: string;
  revision: string;
  mode: Mode;
  status: RunStatus;
  alert: string | null;
  case: string | null;
  initiator: Initiator;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  reason: string | null;
  waiting_for: string | null;
  outputs: Record<string, Json>;
  /** The run that this one tries again. */
  retry_of: string | null;
}

export type StepStatus =
  | "pending"
  | "skipped"
  | "waiting"
  | "running"
  | "retrying"
  | "succeeded"
  | "failed"
  | "denied"
  | "cancelled"
  | "undone";

export type Effect = "read" | "write" | "destructive";

export interface Fault {
  code: string;
  message: string;
  attempts: number;
}

/** What is known of a call of which nobody knows what it did, and until when people have time to find out. */
export interface Doubt {
  message: string;
  until: string;
}

export interface StepItem {
  index: number;
  path: string;
  status: StepStatus;
  item: Json;
  output: Json;
  fault: Fault | null;
  doubt: Doubt | null;
}

export interface Step {
  path: string;
  id: string | null;
  label: string;
  kind: "use" | "group" | "set" | "stop" | "gate";
  action: string | null;
  effect: Effect | null;
  depth: number;
  status: StepStatus;
  reason: string | null;
  arguments: Json;
  output: Json;
  fault: Fault | null;
  doubt: Doubt | null;
  attempt: number;
  approval: string | null;
  outcome: string | null;
  started_at: string | null;
  finished_at: string | null;
  items: StepItem[];
  /** Whether it runs only after a failure or a no, or at the very end. */
  is_handler: boolean;
}

export interface RunDetail extends Run {
  steps: Step[];
  approvals: Approval[];
  responses: ActiveResponse[];
  inputs: Record<string, Json>;
  retried_by: string[];
}

export type ApprovalStatus =
  "pending" | "approved" | "answered" | "denied" | "expired" | "cancelled" | "superseded" | "refused";

export type Assurance = "linked" | "confirmed" | "mfa";

export interface Card {
  question: string;
  action: string;
  connection: string;
  effect: Effect;
  is_reversible: boolean;
  targets: string[];
  target_count: number;
  reason: string;
  impact: string;
  undo: string;
  evidence: { label: string; text: string }[];
  arguments: Json;
}

export type VoteChoice = "approve" | "deny";

export interface Vote {
  user: string;
  name: string;
  roles: string[];
  choice: VoteChoice;
  assurance: Assurance;
  via: string;
  at: string;
  comment: string | null;
}

export interface Escalation {
  at: string;
  to: string;
  is_reached: boolean;
}

/** One fact that is asked for; the label is the author's text. */
export interface FormField {
  name: string;
  type: string;
  label: string;
  /** What may be chosen; empty if anything of the type may be answered. */
  enum: Json[];
  has_default: boolean;
  default: Json;
}

export interface Reply {
  user: string;
  name: string;
  roles: string[];
  via: string;
  at: string;
  answers: Record<string, Json>;
}

export interface Approval {
  id: string;
  code: string;
  run: string;
  step: string;
  playbook: string;
  playbook_name: string;
  revision: string;
  mode: Mode;
  alert: string | null;
  status: ApprovalStatus;
  digest: string;
  /** Ten characters of the digest, for people to compare. */
  digest_code: string;
  card: Card;
  by: string[];
  quorum: number;
  yes: number;
  assurance: Assurance;
  /** What must be typed to say yes; empty if nothing. */
  confirm: string;
  confirm_hint: string;
  comment: "optional" | "required" | "required_on_deny";
  asked_at: string;
  expires_at: string;
  escalations: Escalation[];
  votes: Vote[];
  decided_at: string | null;
  reason: string | null;
  may_vote: boolean;
  /** One sentence why the caller may not vote, or answer. */
  why_not: string | null;
  /** The facts that are asked for; empty where people decide. */
  fields: FormField[];
  reply: Reply | null;
  /** What people may allow a part of; empty where it is decided as a whole. */
  parts: ApprovalPart[];
  /** Questions that want the same and are decided with it. */
  members: { id: string; run: string; alert: string | null }[];
  /** Id of the question that this one is decided with; null if it has a card of its own. */
  merged_into: string | null;
}

/** What is allowed together or not at all. */
export interface ApprovalPart {
  targets: string[];
  /** Whether nobody who said yes has left it out. */
  is_allowed: boolean;
}

export interface VoteRequest {
  vote: VoteChoice;
  comment: string | null;
  confirm: string | null;
  digest: string;
  only?: string[];
}

export interface ActiveResponse {
  id: string;
  run: string;
  step: string;
  action: string;
  connection: string;
  targets: string[];
  status: "active" | "lifting" | "lifted" | "overdue";
  created_at: string;
  expires_at: string | null;
  lift_run: string | null;
  lifted_by: Initiator | null;
  lifted_at: string | null;
  fault: string | null;
  owner: string | null;
  /** How often the owner was told that it stands too long. */
  pages: number;
  is_checkable: boolean;
  check_run: string | null;
  sighting: "standing" | "gone" | "unclear" | null;
  checked_at: string | null;
  gone_at: string | null;
}

export type FreezeKind = "everything" | "action" | "connector" | "connection";

export interface Freeze {
  id: string;
  kind: FreezeKind;
  name: string;
  reason: string;
  frozen_at: string;
  frozen_by: string;
  frozen_by_name: string;
  lift_asked_at: string | null;
  lift_asked_by: string | null;
  lift_asked_by_name: string | null;
}

export interface Now {
  waiting_for_me: Approval[];
  waiting_for_others: number;
  running: Run[];
  broke: Run[];
  responses_ending: ActiveResponse[];
  freezes: Freeze[];
  /** Hours of emergency access that are open, or that nobody has reviewed. */
  emergencies: Opening[];
  counts: { alerts: number; runs: number; waiting: number };
  first_alert: { curl: string; cli: string } | null;
}

export interface Message {
  id: string;
  channel: string;
  at: string;
  author: string;
  text: string;
  approval: string | null;
  run: string | null;
  thread: string | null;
}

export type ChangeKind = "alert" | "run" | "approval" | "response" | "message" | "freeze" | "standing_approval" | "emergency";

export interface Change {
  kind: ChangeKind;
  id: string;
}
