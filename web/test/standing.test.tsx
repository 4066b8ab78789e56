import { fireEvent, screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { StandingApproval } from "../src/api/standing";
import { describeStanding } from "../src/standing/describeStanding";
import { StandingPage } from "../src/standing/StandingPage";
import { renderSignedIn } from "./render";
import { NOW, SESSION } from "./samples";
import { answerWith, problem } from "./wire";

const FAR = "2999-01-01T00:00:00Z";

const WAITING: StandingApproval = {
  id: "sa_1",
  action: "exchange.purge_messages",
  playbook: "phishing-triage",
  revision: "sha256:9c1f02a7",
  targets: "lab-*",
  reason: "a drill",
  proposed_by: "carol",
  proposed_at: NOW,
  expires_at: FAR,
  signed_by: null,
  revoked_by: null,
  uses: 0,
  used_at: null,
  is_good: false,
};

const LEAD = { ...SESSION, permissions: ["policy:read", "approval:vote", "freeze:write"] };

const pageOf = (...items: StandingApproval[]) => ({ status: 200, body: { items, next: null } });

it("says in a word whether a standing approval counts", () => {
  const now = Date.parse(NOW);
  const signed = { ...WAITING, signed_by: "lena" };
  const word = (standing: StandingApproval) => describeStanding(standing, now).word;
  expect([WAITING, signed, { ...WAITING, expires_at: NOW }, { ...signed, expires_at: NOW }].map(word)).toEqual([
    "waits for a second",
    "counts",
    "never signed",
    "over",
  ]);
  expect(word({ ...signed, revoked_by: "carol" })).toBe("revoked");
});

it("lets a second person sign, and shows the server's refusal in place", async () => {
  const sent = answerWith({
    "GET /standing-approvals": pageOf(WAITING),
    "POST /standing-approvals/sa_1/signature": problem(403, "you have written this playbook"),
  });
  renderSignedIn(<StandingPage />, LEAD);
  fireEvent.click(await screen.findByText("Sign…"));
  fireEvent.click(within(screen.getByRole("dialog", { hidden: true })).getByRole("button", { name: "Sign", hidden: true }));
  expect(await screen.findByText("you have written this playbook")).toBeTruthy();
  expect(sent.filter(({ method }) => method === "POST")).toHaveLength(1);
});

it("does not let whoever proposed it sign as well, and offers nothing for what is over", async () => {
  const own = { ...WAITING, proposed_by: SESSION.user.name };
  answerWith({ "GET /standing-approvals": pageOf(own, { ...WAITING, id: "sa_2", revoked_by: "carol" }) });
  renderSignedIn(<StandingPage />, LEAD);
  expect(await screen.findByText("somebody else has to sign")).toBeTruthy();
  const buttons = within(screen.getByRole("table")).getAllByRole("button");
  expect(buttons.map((button) => button.textContent)).toEqual(["Revoke… sa_1"]);
});

it("says why nothing is approved beforehand, and what the next step is", async () => {
  answerWith({ "GET /standing-approvals": pageOf() });
  renderSignedIn(<StandingPage />, LEAD);
  expect(await screen.findByText("soar approval standing add")).toBeTruthy();
});
