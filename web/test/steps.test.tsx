import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Step } from "../src/api/types";
import { StepRow } from "../src/runs/StepRow";
import { renderSignedIn } from "./render";

function renderStep(changes: Partial<Step>): void {
  const step: Step = {
    path: "steps/1",
    id: "revoke",
    label: "Revoke sessions",
    kind: "use",
    action: "entra.revoke_sessions",
    effect: "write",
    depth: 1,
    status: "succeeded",
    reason: null,
    arguments: { user: "bob\u202E" },
    output: { revoked: 3 },
    fault: null,
    doubt: null,
    attempt: 1,
    approval: null,
    outcome: null,
    started_at: "2026-11-21T02:00:00.000Z",
    finished_at: "2026-11-21T02:00:01.100Z",
    items: [],
    is_handler: false,
    ...changes,
  };
  renderSignedIn(
    <table>
      <tbody>
        <StepRow step={step} columns={4} />
      </tbody>
    </table>,
  );
}

const toggle = (): HTMLElement => screen.getByRole("button", { name: "Revoke sessions" });

describe("a step", () => {
  it("opens to its input and output, with nothing hidden in them", () => {
    renderStep({});
    expect(toggle().getAttribute("aria-expanded")).toBe("false");
    fireEvent.click(toggle());
    expect(screen.getByLabelText("Input of steps/1").textContent).toBe('{\n  "user": "bob⟨U+202E⟩"\n}');
    expect(screen.getByLabelText("Output of steps/1").textContent).toBe('{\n  "revoked": 3\n}');
  });

  it("says without being opened why it was skipped", () => {
    renderStep({ status: "skipped", reason: "inputs.user is empty" });
    expect(screen.getByText("inputs.user is empty")).toBeDefined();
  });

  it("is open from the start when it failed, and can be closed", () => {
    renderStep({ status: "failed", fault: { code: "forbidden", message: "A grant is missing.", attempts: 4 } });
    expect(toggle().getAttribute("aria-expanded")).toBe("true");
    expect(screen.getByText("(forbidden, 4 attempts)")).toBeDefined();
    fireEvent.click(toggle());
    expect(toggle().getAttribute("aria-expanded")).toBe("false");
  });

  it("leads to the approval that it waits for", () => {
    renderStep({ status: "waiting", approval: "ap_1", output: null });
    fireEvent.click(toggle());
    expect(screen.getByRole("link", { name: "ap_1" }).getAttribute("href")).toBe("/approvals/ap_1");
    expect(screen.getByText(/waits for an answer/)).toBeDefined();
  });
});
