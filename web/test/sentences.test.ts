import { describe, expect, it } from "vitest";
import type { Run } from "../src/api/types";
import { nameStep } from "../src/runs/nameStep";
import { describeRun } from "../src/runs/runSentence";
import { formatDuration, formatMoment, formatTimeLeft, formatTook } from "../src/text/time";
import { explainRoles, nameEligible, namePrincipals, nameRevision } from "../src/text/words";
import { NOW } from "./samples";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

function sampleRun(changes: Partial<Run>): Run {
  return {
    id: "run_1",
    playbook: "phishing-triage",
    playbook_name: "Phishing e-mail triage",
    revision: "9c1f02a",
    mode: "live",
    status: "running",
    alert: null,
    case: null,
    initiator: { kind: "source", name: "phish-report" },
    created_at: "2026-11-21T02:00:00Z",
    started_at: "2026-11-21T02:00:00Z",
    finished_at: null,
    reason: null,
    waiting_for: null,
    outputs: {},
    retry_of: null,
    ...changes,
  };
}

describe("a run as a sentence", () => {
  it.each([
    [
      { status: "waiting", waiting_for: "AB12: 0 of 1 yes" } as const,
      "waits for AB12: 0 of 1 yes, 9 min after its start.",
    ],
    [{ status: "running" } as const, "is running, for 9 min so far."],
    [
      { status: "failed", finished_at: "2026-11-21T02:00:14Z", reason: "forbidden" } as const,
      "failed after 14 s: forbidden.",
    ],
    [{ status: "queued", started_at: null } as const, "is about to start."],
  ])("%o", (changes, sentence) => {
    expect(describeRun(sampleRun(changes), Date.parse(NOW))).toBe(`Phishing e-mail triage ${sentence}`);
  });
});

describe("times", () => {
  it("name the day unless it is today", () => {
    const now = Date.parse(NOW);
    expect(formatMoment("2026-11-21T01:05:00Z", now)).toBe("01:05");
    expect(formatMoment("2026-11-20T23:59:00Z", now)).toBe("2026-11-20 23:59");
  });

  it.each([
    [45 * SECOND, "45 s"],
    [599 * SECOND, "9 min"],
    [3 * HOUR, "3 h"],
    [3.1 * HOUR, "3 h 6 min"],
    [52 * HOUR, "2 d 4 h"],
    [-SECOND, "0 s"],
  ])("of %i ms are said as %s", (length, text) => {
    expect(formatDuration(length)).toBe(text);
  });

  it.each([
    [9_999, "0:09"],
    [15 * 60 * SECOND, "15:00"],
    [2 * HOUR, "2 h"],
    [-1, "0:00"],
  ])("left of %i ms are shown as %s", (left, text) => {
    expect(formatTimeLeft(left)).toBe(text);
  });

  it("of calls are exact while that matters", () => {
    expect(formatTook("2026-11-21T02:00:00.000Z", "2026-11-21T02:00:00.430Z")).toBe("430 ms");
    expect(formatTook("2026-11-21T02:00:00.000Z", "2026-11-21T02:00:01.430Z")).toBe("1.4 s");
    expect(formatTook(NOW, null)).toBe("");
  });
});

describe("who may decide", () => {
  it("is nobody when nobody is named", () => {
    expect(nameEligible([])).toBe("nobody");
    expect(nameEligible(["role:soc-lead", "user:ann"])).toBe("soc-lead or ann");
  });
});

describe("a role", () => {
  it("is named plainly wherever the server speaks of it", () => {
    expect(namePrincipals("role:analyst to decide: Purge every copy")).toBe("analyst to decide: Purge every copy");
    expect(namePrincipals("the role: analyst")).toBe("the role: analyst");
  });

  it("explains what it does not allow", () => {
    expect(explainRoles(["auditor"], "vote")).toBe("Your role (auditor) does not allow you to vote.");
    expect(explainRoles(["author", "viewer"], "vote")).toBe("Your roles (author, viewer) do not allow you to vote.");
    expect(explainRoles([], "vote")).toBe("You have no role, and so none that allows you to vote.");
  });
});

describe("a step without a name", () => {
  it("is called by what it does", () => {
    const step = { path: "steps/4/steps/1", kind: "stop", action: null } as const;
    expect(nameStep({ ...step, label: "steps/4/steps/1" })).toBe("Unnamed: stop");
    expect(nameStep({ ...step, label: "Stop here" })).toBe("Stop here");
  });
});

describe("a revision", () => {
  it("is named by the start of its digest", () => {
    expect(nameRevision({ playbook: "hunt", revision: "sha256:9c1f02a4d5e6" })).toBe("hunt@9c1f02a");
  });
});
