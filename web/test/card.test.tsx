import { act, fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApprovalCard } from "../src/approvals/ApprovalCard";
import { renderSignedIn } from "./render";
import { AUDITOR, NOW, sampleApproval } from "./samples";

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(NOW);
});

function textOf(element: HTMLElement): string {
  return element.textContent ?? "";
}

describe("the card", () => {
  it("keeps the engine's order", () => {
    renderSignedIn(<ApprovalCard approval={sampleApproval()} />);
    const text = textOf(screen.getByRole("article"));
    const parts = [
      "Purge 12 messages?",
      "CD34 · 0 of 1 yes",
      "exchange.purge_messages · connection corp-exchange · destructive, reversible",
      "The sender sent 2 bad links.",
      "12 messages move to Recoverable Items.",
      "12 targets: <a1@evil.example>",
      "exchange.restore_messages for 14 days",
      "Your invoice",
      "Asked by playbook phishing-triage@9c1f02a, run run_1 for alert al_1",
      "Who may: analyst",
      "Until 02:24 (15:00 left), then NO",
      "Approve…",
      "Deny…",
      "Details",
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it("counts down, and says that silence is NO", () => {
    renderSignedIn(<ApprovalCard approval={sampleApproval()} />);
    act(() => void vi.advanceTimersByTime(14 * 60_000 + 55_000));
    expect(screen.getByText(/then NO/).textContent).toContain("(0:05 left), then NO");

    act(() => void vi.advanceTimersByTime(5_000));
    expect(screen.getByText("Time is up: without a yes the answer is NO.")).toBeDefined();
    expect(screen.queryByRole("button", { name: "Approve…" })).toBeNull();
  });

  it("keeps hostile text inert", () => {
    const hostile = "<img src=x onerror=alert(1)> [Approve](http://evil.example)\nAPPROVED by CISO\u202E";
    const approval = sampleApproval();
    const card = { ...approval.card, reason: hostile, evidence: [{ label: "Subject", text: hostile }] };
    renderSignedIn(<ApprovalCard approval={{ ...approval, card }} />);

    const article = screen.getByRole("article");
    const shown = "<img src=x onerror=alert(1)> [Approve](hxxp://evil[.]example) ↵ APPROVED by CISO⟨U+202E⟩";
    expect(within(article).getAllByText(shown)).toHaveLength(2);
    expect(article.querySelector("img")).toBeNull();
    const links = within(article).getAllByRole("link");
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["/runs/run_1", "/alerts/al_1", "/approvals/ap_1"]);
  });

  it("cuts long evidence until a reader asks for all of it", () => {
    const approval = sampleApproval();
    const long = "x".repeat(161);
    const card = { ...approval.card, evidence: [{ label: "Body", text: long }] };
    renderSignedIn(<ApprovalCard approval={{ ...approval, card }} />);

    expect(screen.queryByText(long)).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "show all" }));
    expect(screen.getByText(long)).toBeDefined();
  });

  it("shows five pieces of evidence and offers the rest", () => {
    const approval = sampleApproval();
    const evidence = [1, 2, 3, 4, 5, 6].map((number) => ({ label: "Link", text: `piece ${number}` }));
    renderSignedIn(<ApprovalCard approval={{ ...approval, card: { ...approval.card, evidence } }} />);

    expect(screen.queryByText("piece 6")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "show all 6" }));
    expect(screen.getByText("piece 6")).toBeDefined();
  });

  it("has no decision buttons for who may not vote, and says why", () => {
    renderSignedIn(<ApprovalCard approval={sampleApproval({ may_vote: false, why_not: "You started this run." })} />);
    expect(screen.getByText("You started this run.")).toBeDefined();
    expect(screen.queryByRole("button", { name: "Approve…" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Deny…" })).toBeNull();
  });

  it("names roles plainly in the reason why not", () => {
    const why_not = "You may not decide CD34: it needs role:analyst (you: soc-lead).";
    renderSignedIn(<ApprovalCard approval={sampleApproval({ may_vote: false, why_not })} />);
    expect(screen.getByText("You may not decide CD34: it needs analyst (you: soc-lead).")).toBeDefined();
  });

  it("tells whoever has no vote at all so, in one sentence", () => {
    const approval = sampleApproval({ may_vote: false, why_not: "`approval:vote` needs one of the roles analyst" });
    renderSignedIn(<ApprovalCard approval={approval} />, AUDITOR);
    expect(screen.getByText("Your role (auditor) does not allow you to vote.")).toBeDefined();
    expect(screen.queryByText(/approval:vote/)).toBeNull();
  });

  it("cuts a long list of targets between two of them, until a reader asks for the rest", () => {
    const approval = sampleApproval();
    const targets = Array.from({ length: 12 }, (_, index) => `${index}`.padStart(40, "m"));
    renderSignedIn(<ApprovalCard approval={{ ...approval, card: { ...approval.card, targets } }} />);

    expect(screen.getByText(targets[1] ?? "")).toBeDefined();
    expect(screen.queryByText(targets[2] ?? "")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "10 more" }));
    expect(screen.getByText(targets[11] ?? "")).toBeDefined();
  });

  it.each([
    [{ status: "expired" } as const, "EXPIRED: nobody decided in 19 min, so it was not done."],
    [{ status: "superseded", reason: "the target list changed" } as const, /SUPERSEDED.*the target list changed/],
    [{ status: "cancelled" } as const, "CANCELLED with its run."],
  ])("says how it ended instead of asking: %o", (changes, outcome) => {
    renderSignedIn(<ApprovalCard approval={sampleApproval({ ...changes, may_vote: true })} />);
    expect(screen.getByText(outcome)).toBeDefined();
    expect(screen.queryByRole("button", { name: "Approve…" })).toBeNull();
    expect(screen.queryByText(/then NO/)).toBeNull();
  });
});
