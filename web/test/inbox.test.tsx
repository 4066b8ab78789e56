import { fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApprovalsPage } from "../src/approvals/ApprovalsPage";
import { setHasKeys } from "../src/shell/keys";
import { renderSignedIn } from "./render";
import { NOW, sampleApproval } from "./samples";
import { answerWith, problem } from "./wire";

const OLDER = sampleApproval();
const NEWER = sampleApproval({
  id: "ap_2",
  code: "EF56",
  asked_at: "2026-11-21T02:08:00Z",
  card: { ...sampleApproval().card, question: "Block 203.0.113.9?" },
});
const FOREIGN = sampleApproval({ id: "ap_3", code: "GH78", may_vote: false, why_not: "It needs soc-lead." });

function press(key: string): void {
  fireEvent.keyDown(document.activeElement ?? document.body, { key });
}

async function openInbox(): Promise<HTMLElement[]> {
  answerWith({
    "GET /approvals": { status: 200, body: { items: [NEWER, FOREIGN, OLDER], next: null } },
    "GET /approvals/ap_1": { status: 200, body: OLDER },
    "GET /approvals/ap_2": { status: 200, body: NEWER },
  });
  renderSignedIn(<ApprovalsPage />);
  return screen.findAllByRole("article");
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(NOW) });
  setHasKeys(true);
});

describe("the inbox", () => {
  it("shows what waits for me, the oldest first, and counts the rest", async () => {
    const cards = await openInbox();
    expect(cards.map((card) => within(card).getByRole("heading", { level: 3 }).textContent)).toEqual([
      "Purge 12 messages?",
      "Block 203.0.113.9?",
    ]);
    expect(screen.getByText("Waiting for others (1)")).toBeDefined();
  });

  it("shows what waits for others, with the reason why I may not", async () => {
    window.history.replaceState(null, "", "/approvals?show=others");
    const cards = await openInbox();
    expect(cards).toHaveLength(1);
    expect(screen.getByText("It needs soc-lead.")).toBeDefined();
  });

  it("moves with j and k and stops at the ends", async () => {
    const [first, second] = await openInbox();
    press("j");
    expect(document.activeElement).toBe(first);
    press("j");
    press("j");
    expect(document.activeElement).toBe(second);
    press("k");
    expect(document.activeElement).toBe(first);
  });

  it("opens the chosen card's dialog with a or d, and nothing when none is chosen", async () => {
    await openInbox();
    press("a");
    expect(screen.queryByRole("dialog")).toBeNull();

    press("j");
    press("j");
    press("d");
    expect(within(screen.getByRole("dialog")).getByRole("heading").textContent).toBe("Deny: Block 203.0.113.9?");
  });

  it("leaves keys alone that are typed into a field", async () => {
    await openInbox();
    press("j");
    press("a");
    const field = screen.getByLabelText(/To confirm/);
    const isLeftAlone = fireEvent.keyDown(field, { key: "d" });
    expect(isLeftAlone).toBe(true);
    expect(screen.getByRole("dialog").textContent).toContain("Approve: ");
  });

  it("ignores single keys when they are turned off", async () => {
    await openInbox();
    setHasKeys(false);
    press("j");
    expect(document.activeElement).toBe(document.body);
  });

  it("says what the server says when the list cannot be read", async () => {
    answerWith({ "GET /approvals": problem(403, "You may not read approvals.", "Ask ann for approval:read.") });
    renderSignedIn(<ApprovalsPage />);
    expect((await screen.findByRole("alert")).textContent).toBe(
      "You may not read approvals. Ask ann for approval:read.",
    );
  });
});
