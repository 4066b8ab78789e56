import type { ActiveResponse, ApprovalStatus, Effect, Mode, RunStatus, Severity, StepStatus } from "../api/types";
import { Badge, type Tone } from "./Badge";

const STATUS_TONES: Record<RunStatus | StepStatus | ApprovalStatus | ActiveResponse["status"], Tone> = {
  queued: "neutral",
  pending: "neutral",
  skipped: "neutral",
  undone: "neutral",
  lifted: "neutral",
  superseded: "neutral",
  cancelled: "neutral",
  running: "busy",
  retrying: "busy",
  lifting: "busy",
  active: "busy",
  waiting: "wait",
  succeeded: "good",
  approved: "good",
  answered: "good",
  failed: "bad",
  denied: "bad",
  expired: "bad",
  refused: "bad",
  rejected: "bad",
  timed_out: "bad",
  overdue: "bad",
};

const SEVERITY_TONES: Record<Severity, Tone> = { low: "neutral", medium: "wait", high: "bad", critical: "bad" };

const EFFECT_TONES: Record<Effect, Tone> = { read: "neutral", write: "wait", destructive: "bad" };

const MODE_TONES: Record<Mode, Tone> = { live: "good", supervised: "wait", shadow: "neutral" };

export const StatusBadge = ({ status }: { status: keyof typeof STATUS_TONES }) => (
  <Badge word={status} tone={STATUS_TONES[status]} />
);

export const SeverityBadge = ({ severity }: { severity: Severity }) => (
  <Badge word={severity} tone={SEVERITY_TONES[severity]} />
);

export const EffectBadge = ({ effect }: { effect: Effect }) => <Badge word={effect} tone={EFFECT_TONES[effect]} />;

export const ModeBadge = ({ mode }: { mode: Mode }) => <Badge word={mode} tone={MODE_TONES[mode]} />;
