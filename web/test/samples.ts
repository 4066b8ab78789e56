import type { Approval, RunDetail, Session, Step } from "../src/api/types";

export const NOW = "2026-11-21T02:09:00Z";

export const SESSION: Session = {
  user: { id: "u_mia", name: "mia", email: "mia@corp.example", roles: ["analyst"] },
  permissions: [
    "alert:read",
    "run:read",
    "run:cancel",
    "run:retry",
    "run:undo",
    "run:settle",
    "approval:read",
    "approval:vote",
    "response:read",
    "response:lift",
  ],
  csrf: "csrf-of-this-session",
  authenticated_at: NOW,
  mfa_at: null,
  expires_at: "2026-11-21T10:09:00Z",
  installation: { version: "0.1.0", is_demo: true, url: "http://127.0.0.1:8600" },
};

/** Somebody who may read and verify, and change nothing. */
export const AUDITOR: Session = {
  ...SESSION,
  user: { id: "u_olga", name: "olga", email: "olga@corp.example", roles: ["auditor"] },
  permissions: ["alert:read", "run:read", "approval:read", "response:read", "audit:read", "audit:verify"],
};

/** An open question to purge twelve messages, with changes. */
export function sampleApproval(changes: Partial<Approval> = {}): Approval {
  return {
    id: "ap_1",
    code: "CD34",
    run: "run_1",
    step: "steps/6",
    playbook: "phishing-triage",
    playbook_name: "Phishing e-mail triage",
    revision: "9c1f02a",
    mode: "live",
    alert: "al_1",
    status: "pending",
    digest: "sha256:4be1c09a77",
    digest_code: "4be1c09a77",
    card: {
      question: "Purge 12 messages?",
      action: "exchange.purge_messages",
      connection: "corp-exchange",
      effect: "destructive",
      is_reversible: true,
      targets: ["<a1@evil.example>"],
      target_count: 12,
      reason: "The sender sent 2 bad links.",
      impact: "12 messages move to Recoverable Items.",
      undo: "exchange.restore_messages for 14 days",
      evidence: [{ label: "Subject", text: "Your invoice" }],
      arguments: { mode: "soft_delete" },
    },
    by: ["role:analyst"],
    quorum: 1,
    yes: 0,
    assurance: "confirmed",
    confirm: "12",
    confirm_hint: "the number of messages",
    comment: "required_on_deny",
    asked_at: "2026-11-21T02:05:00Z",
    expires_at: "2026-11-21T02:24:00Z",
    escalations: [{ at: "2026-11-21T02:14:00Z", to: "role:soc-lead", is_reached: false }],
    votes: [],
    decided_at: null,
    reason: null,
    may_vote: true,
    why_not: null,
    fields: [],
    reply: null,
    parts: [],
    members: [],
    merged_into: null,
    ...changes,
  };
}

export function sampleStep(changes: Partial<Step>): Step {
  return {
    path: "steps/0",
    id: "look",
    label: "Look",
    kind: "use",
    action: "crm.find",
    effect: "read",
    depth: 0,
    status: "succeeded",
    reason: null,
    arguments: null,
    output: null,
    fault: null,
    doubt: null,
    attempt: 1,
    approval: null,
    outcome: null,
    started_at: null,
    finished_at: null,
    items: [],
    is_handler: false,
    ...changes,
  };
}

export function sampleRun(changes: Partial<RunDetail> = {}): RunDetail {
  return {
    id: "run_1",
    playbook: "triage",
    playbook_name: "Triage",
    revision: "9c1f02a",
    mode: "live",
    status: "failed",
    alert: null,
    case: null,
    initiator: { kind: "user", name: "mia" },
    created_at: NOW,
    started_at: NOW,
    finished_at: NOW,
    reason: null,
    waiting_for: null,
    outputs: {},
    retry_of: null,
    steps: [
      sampleStep({}),
      sampleStep({ path: "steps/1", id: "group", label: "Contain", status: "failed" }),
      sampleStep({ path: "steps/1/steps/0", id: "lock", label: "Lock", depth: 1 }),
      sampleStep({ path: "finally/0", id: "last", label: "Last", is_handler: true }),
    ],
    approvals: [],
    responses: [],
    inputs: {},
    retried_by: [],
    ...changes,
  };
}
