import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setCsrfToken } from "../src/api/client";
import type { Approval } from "../src/api/types";
import { ApprovalCard } from "../src/approvals/ApprovalCard";
import { renderSignedIn } from "./render";
import { NOW, sampleApproval } from "./samples";
import { answerWith, problem } from "./wire";

const VOTES = "POST /approvals/ap_1/votes";
const SHOW = "GET /approvals/ap_1";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(NOW) });
  setCsrfToken("csrf-of-this-session");
});

function openDialog(approval: Approval, button: "Approve…" | "Deny…"): HTMLElement {
  renderSignedIn(<ApprovalCard approval={approval} />);
  fireEvent.click(screen.getByRole("button", { name: button }));
  return screen.getByRole("dialog");
}

function type(dialog: HTMLElement, label: RegExp, text: string): void {
  fireEvent.change(within(dialog).getByLabelText(label), { target: { value: text } });
}

function button(dialog: HTMLElement, name: string): HTMLButtonElement {
  return within(dialog).getByRole<HTMLButtonElement>("button", { name });
}

describe("the vote dialog", () => {
  it("sends nothing when Approve… is pressed on the card", () => {
    const sent = answerWith({ [SHOW]: { status: 200, body: sampleApproval() } });
    const dialog = openDialog(sampleApproval(), "Approve…");

    expect(within(dialog).getByRole("heading").textContent).toBe("Approve: Purge 12 messages?");
    expect(sent.filter((request) => request.method !== "GET")).toEqual([]);
  });

  it("starts in the field to type in, never on a button", () => {
    answerWith({ [SHOW]: { status: 200, body: sampleApproval() } });
    const dialog = openDialog(sampleApproval(), "Approve…");
    expect(document.activeElement).toBe(within(dialog).getByLabelText(/To confirm/));
  });

  it("wants what is acted on typed before a yes, and sends it with the digest that was read", async () => {
    const after = sampleApproval({ status: "approved", yes: 1 });
    const sent = answerWith({
      [SHOW]: { status: 200, body: sampleApproval() },
      [VOTES]: { status: 200, body: after },
    });
    const dialog = openDialog(sampleApproval(), "Approve…");
    expect(button(dialog, "Approve").disabled).toBe(true);

    type(dialog, /To confirm, type the number of messages/, " 12 ");
    expect(button(dialog, "Approve").disabled).toBe(false);
    fireEvent.click(button(dialog, "Approve"));

    expect(await screen.findByText(/CD34 is approved\. This is the demo: nothing real is touched\./)).toBeDefined();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(sent.filter((request) => request.method === "POST")).toEqual([
      {
        method: "POST",
        path: "/approvals/ap_1/votes",
        csrf: "csrf-of-this-session",
        body: { vote: "approve", comment: null, confirm: "12", digest: "sha256:4be1c09a77" },
      },
    ]);
  });

  it("lets elements be left out, and sends what is allowed; nothing at all cannot be approved", async () => {
    const offered = sampleApproval({
      parts: [
        { targets: ["web-1"], is_allowed: true },
        { targets: ["web-2"], is_allowed: true },
        { targets: ["web-3"], is_allowed: false },
      ],
    });
    const sent = answerWith({ [SHOW]: { status: 200, body: offered }, [VOTES]: { status: 200, body: offered } });
    const dialog = openDialog(offered, "Approve…");
    expect(within(dialog).getAllByRole("checkbox")).toHaveLength(2);
    type(dialog, /To confirm/, "2");
    fireEvent.click(within(dialog).getByLabelText(/web-1/));
    fireEvent.click(within(dialog).getByLabelText(/web-2/));
    expect(button(dialog, "Approve").disabled).toBe(true);
    fireEvent.click(within(dialog).getByLabelText(/web-2/));
    type(dialog, /To confirm, type what you allow/, "web-2");
    fireEvent.click(button(dialog, "Approve"));
    await waitFor(() => expect(sent.filter((request) => request.method === "POST")).toHaveLength(1));
    expect(sent.find((request) => request.method === "POST")?.body).toMatchObject({ only: ["web-2"], confirm: "web-2" });
  });

  it("wants a comment with a no where one is required, and nothing typed to confirm", () => {
    answerWith({ [SHOW]: { status: 200, body: sampleApproval() } });
    const dialog = openDialog(sampleApproval(), "Deny…");
    expect(within(dialog).queryByLabelText(/To confirm/)).toBeNull();
    expect(button(dialog, "Deny").disabled).toBe(true);

    type(dialog, /Comment \(required\)/, "wrong sender");
    expect(button(dialog, "Deny").disabled).toBe(false);
  });

  it.each([
    [403, "You started this run.", /It was not counted\./],
    [409, "Already decided by carol at 02:15.", /before your vote arrived/],
    [422, "12 must be typed, you typed 13.", /Something is missing or not right/],
  ])("shows a %i in place and keeps what was typed", async (status, detail, lead) => {
    answerWith({ [SHOW]: { status: 200, body: sampleApproval() }, [VOTES]: problem(status, detail, "Ask carol.") });
    const dialog = openDialog(sampleApproval(), "Approve…");
    type(dialog, /To confirm/, "13");
    fireEvent.click(button(dialog, "Approve"));

    expect(await within(dialog).findByText(detail)).toBeDefined();
    expect(within(dialog).getByText(lead)).toBeDefined();
    expect(within(dialog).getByText("Ask carol.")).toBeDefined();
    expect(within(dialog).getByLabelText<HTMLInputElement>(/To confirm/).value).toBe("13");
  });

  it("says that it does not know when no answer comes", async () => {
    answerWith({ [SHOW]: { status: 200, body: sampleApproval() } });
    const dialog = openDialog(sampleApproval(), "Approve…");
    type(dialog, /To confirm/, "12");
    fireEvent.click(button(dialog, "Approve"));
    expect(await within(dialog).findByText(/it is not known whether it took this request/)).toBeDefined();
  });

  it("lets nobody vote on what has changed since it was read", async () => {
    const changed = sampleApproval({ digest: "sha256:other" });
    answerWith({ [SHOW]: { status: 200, body: changed } });
    const dialog = openDialog(sampleApproval(), "Approve…");
    type(dialog, /To confirm/, "12");

    expect(await within(dialog).findByText(/What would run has changed/)).toBeDefined();
    expect(button(dialog, "Approve").disabled).toBe(true);
  });

  it("says so when somebody else has decided meanwhile", async () => {
    answerWith({ [SHOW]: { status: 200, body: sampleApproval({ status: "expired" }) } });
    const dialog = openDialog(sampleApproval(), "Approve…");
    await waitFor(() => expect(within(dialog).getByRole("alert").textContent).toContain("No vote counts any more."));
  });
});
