import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { RunButtons } from "../src/runs/RunPage";
import { renderSignedIn } from "./render";
import { AUDITOR, sampleRun } from "./samples";
import { answerWith, problem } from "./wire";

const RETRY = "POST /runs/run_1/retry";

function openDialog(): HTMLElement {
  renderSignedIn(<RunButtons run={sampleRun()} />);
  fireEvent.click(screen.getByRole("button", { name: "Try again…" }));
  return screen.getByRole("dialog");
}

describe("the button that tries a run again", () => {
  it.each(["failed", "denied", "cancelled", "timed_out"] as const)("is there for a run that is %s", (status) => {
    renderSignedIn(<RunButtons run={sampleRun({ status })} />);
    expect(screen.getByRole("button", { name: "Try again…" })).toBeDefined();
  });

  it.each(["queued", "running", "waiting", "succeeded", "rejected"] as const)("is not there for %s", (status) => {
    renderSignedIn(<RunButtons run={sampleRun({ status })} />);
    expect(screen.queryByRole("button", { name: "Try again…" })).toBeNull();
  });

  it("is not there for somebody who may not, and that is said", () => {
    renderSignedIn(<RunButtons run={sampleRun()} />, AUDITOR);
    expect(screen.queryByRole("button", { name: "Try again…" })).toBeNull();
    expect(screen.getByText(/try it again/)).toBeDefined();
  });

  it("offers the playbook's own steps and sends the one chosen, then shows the new run", async () => {
    const sent = answerWith({ [RETRY]: { status: 202, body: { ...sampleRun(), id: "run_2" } } });
    const dialog = openDialog();
    const choice = within(dialog).getByLabelText<HTMLSelectElement>(/Begin at/);
    expect([...choice.options].map((option) => option.value)).toEqual(["", "steps/0", "steps/1"]);

    fireEvent.change(choice, { target: { value: "steps/1" } });
    fireEvent.click(within(dialog).getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(window.location.pathname).toBe("/runs/run_2"));
    expect(sent.filter((each) => each.method === "POST").map((each) => each.body)).toEqual([
      { from: "steps/1", accept_unknown: null },
    ]);
  });

  it("shows why it was refused and stays", async () => {
    answerWith({ [RETRY]: problem(409, "it is not known whether this happened: page (crm.page)") });
    const dialog = openDialog();
    fireEvent.click(within(dialog).getByRole("button", { name: "Try again" }));
    expect(await within(dialog).findByText(/it is not known whether this happened/)).toBeDefined();
  });
});
