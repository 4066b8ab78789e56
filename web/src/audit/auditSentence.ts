import type { AuditEvent, Json } from "../api/types";

const OUTCOMES: Record<AuditEvent["outcome"], string> = {
  success: "",
  failure: " (failed)",
  denied: " (denied)",
  unknown: " (outcome not known)",
};

/** Verbs of event types that a thing does by itself. */
const OWN_VERBS = new Set(["failed", "succeeded", "expired", "finished", "ended"]);

/** An audit event as one sentence: `approval ap_1 was voted on by carol via web`. */
export function describeEvent(event: AuditEvent): string {
  const [noun = "", ...rest] = event.type.split(".");
  const verb = rest.join(" ").replaceAll("_", " ") || "recorded";
  const via = event.actor.via ? ` via ${event.actor.via}` : "";
  const asked = verb.match(/^(.+) requested$/)?.[1];
  if (asked) {
    return `${asked} of ${nameTarget(event.target, noun)} was requested by ${nameActor(event.actor)}${via}${OUTCOMES[event.outcome]}`;
  }
  const done = OWN_VERBS.has(verb) ? verb : `was ${verb === "voted" ? "voted on" : verb} by ${nameActor(event.actor)}`;
  return `${nameTarget(event.target, noun)} ${done}${via}${OUTCOMES[event.outcome]}`;
}

function nameActor(actor: AuditEvent["actor"]): string {
  return actor.name || `${actor.kind} ${actor.id}`;
}

function nameTarget(target: AuditEvent["target"], noun: string): string {
  const name = [target["kind"], target["id"]].filter(isText).join(" ");
  if (name === "") {
    return noun;
  }
  return target["kind"] === noun ? name : `${noun} of ${name}`;
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}
