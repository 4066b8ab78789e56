import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Doubts } from "../src/runs/Doubts";
import { renderSignedIn } from "./render";
import { AUDITOR, NOW, sampleRun, sampleStep } from "./samples";
import { answerWith, problem } from "./wire";

const SETTLE = "POST /runs/run_1/settle";
const DOUBT = { message: "the line was cut", until: NOW };
const RUN = sampleRun({
  status: "waiting",
  steps: [
    sampleStep({ path: "steps/0", label: "Lock", status: "waiting", doubt: DOUBT }),
    sampleStep({
      path: "steps/1",
      label: "Tell",
      items: [
        { index: 0, path: "steps/1#0", status: "succeeded", item: "a", output: null, fault: null, doubt: null },
        { index: 1, path: "steps/1#1", status: "waiting", item: "b", output: null, fault: null, doubt: DOUBT },
      ],
    }),
  ],
});

function openDialog(index: number): HTMLElement {
  renderSignedIn(<Doubts run={RUN} />);
  fireEvent.click(screen.getAllByRole("button", { name: "Say what happened…" })[index]!);
  return screen.getByRole("dialog");
}

function say(dialog: HTMLElement, finding: RegExp, reason: string): void {
  fireEvent.click(within(dialog).getByLabelText(finding));
  fireEvent.change(within(dialog).getByLabelText(/How you know/), { target: { value: reason } });
}

describe("the place where people say what a call did", () => {
  it("is not there where everything is known", () => {
    renderSignedIn(<Doubts run={sampleRun()} />);
    expect(screen.queryByText("Did it happen?")).toBeNull();
  });

  it("shows what is known to somebody who may not say anything", () => {
    renderSignedIn(<Doubts run={RUN} />, AUDITOR);
    expect(screen.getAllByText(/the line was cut/)).toHaveLength(2);
    expect(screen.queryByRole("button", { name: "Say what happened…" })).toBeNull();
    expect(screen.getByText(/say what happened/)).toBeDefined();
  });

  it("sends what happened with its output", async () => {
    const sent = answerWith({ [SETTLE]: { status: 202, body: sampleRun() } });
    const dialog = openDialog(0);
    say(dialog, /^It happened/, "seen there");
    fireEvent.change(within(dialog).getByLabelText(/What it would have answered/), {
      target: { value: '{"ticket": "T-1"}' },
    });
    fireEvent.click(within(dialog).getByRole("button", { name: "Say so" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(sent.filter((each) => each.method === "POST").map((each) => each.body)).toEqual([
      { step: "steps/0", finding: "happened", reason: "seen there", output: { ticket: "T-1" } },
    ]);
  });

  it("sends that an element is to be tried again, and no output", async () => {
    const sent = answerWith({ [SETTLE]: { status: 202, body: sampleRun() } });
    const dialog = openDialog(1);
    say(dialog, /try it again/, "nothing there");
    fireEvent.click(within(dialog).getByRole("button", { name: "Say so" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(sent.filter((each) => each.method === "POST").map((each) => each.body)).toEqual([
      { step: "steps/1#1", finding: "again", reason: "nothing there", output: null },
    ]);
  });

  it("sends nothing that is no JSON, and stays", async () => {
    const sent = answerWith({ [SETTLE]: { status: 202, body: sampleRun() } });
    const dialog = openDialog(0);
    say(dialog, /^It happened/, "seen there");
    fireEvent.change(within(dialog).getByLabelText(/What it would have answered/), { target: { value: "T-1" } });
    fireEvent.click(within(dialog).getByRole("button", { name: "Say so" }));
    expect(await within(dialog).findByText("The output is no JSON.")).toBeDefined();
    expect(sent.filter((each) => each.method === "POST")).toEqual([]);
  });

  it("shows who was first", async () => {
    answerWith({ [SETTLE]: problem(409, "already settled by carol") });
    const dialog = openDialog(0);
    say(dialog, /the step fails/, "nothing there");
    fireEvent.click(within(dialog).getByRole("button", { name: "Say so" }));
    expect(await within(dialog).findByText(/already settled by carol/)).toBeDefined();
  });
});
