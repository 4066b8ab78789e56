import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Opening } from "../src/api/emergencies";
import { EmergenciesPage } from "../src/emergencies/EmergenciesPage";
import { OnCallPage } from "../src/oncall/OnCallPage";
import { Banners } from "../src/shell/Banners";
import { renderSignedIn } from "./render";
import { NOW, SESSION } from "./samples";
import { answerWith } from "./wire";

const OPEN: Opening = {
  id: "bg_1",
  user: "u_glass",
  reason: "the identity provider is down",
  opened_by: "root",
  opened_at: NOW,
  expires_at: "2026-11-21T03:09:00Z",
  closed_at: null,
  closed_by: "",
  reviewed_at: null,
  reviewed_by: "",
  review: "",
};
const ENDED: Opening = { ...OPEN, id: "bg_2", closed_at: NOW, closed_by: "carol" };

const ADMIN = { ...SESSION, permissions: ["emergency:read", "emergency:review", "user:write", "audit:read"] };

it("offers to end what is open and to review what has ended, with the record of what was done", async () => {
  const sent = answerWith({
    "GET /emergencies": { status: 200, body: { items: [OPEN, ENDED], next: null } },
    "POST /emergencies/bg_2/review": { status: 200, body: ENDED },
  });
  renderSignedIn(<EmergenciesPage />, ADMIN);
  await screen.findByText("once it has ended");
  const buttons = within(screen.getByRole("table")).getAllByRole("button");
  expect(buttons.map((button) => button.textContent)).toEqual(["End it… bg_1", "Review… bg_2"]);
  expect(screen.getAllByRole("link")[0]?.getAttribute("href")).toBe("/audit?q=actor%3Au_glass");
  fireEvent.click(screen.getByRole("button", { name: /Review…/ }));
  const dialog = within(screen.getByRole("dialog", { hidden: true }));
  fireEvent.change(dialog.getByLabelText("What you found"), { target: { value: "nothing else" } });
  fireEvent.click(dialog.getByRole("button", { name: "Put it down", hidden: true }));
  const review = { path: "/emergencies/bg_2/review", body: { review: "nothing else" } };
  await waitFor(() => expect(sent.find(({ method }) => method === "POST")).toMatchObject(review));
});

it("tells everybody on every page that emergency access is open, and only while it is", async () => {
  answerWith({ "GET /now": { status: 200, body: { freezes: [], emergencies: [OPEN, { ...ENDED, opened_by: "eve" }] } } });
  renderSignedIn(<Banners isLive />);
  expect(await screen.findByText("the identity provider is down")).toBeTruthy();
  expect(screen.getAllByText("Emergency access")).toHaveLength(1);
  expect(screen.queryByRole("link")).toBeNull();
});

it("names who is on call now and then, and whom nobody here knows", async () => {
  const people = [{ email: "carol@corp.example", name: "carol" }];
  const following = [{ email: "gone@corp.example", name: null }];
  const night = { name: "night", timezone: "UTC", at: NOW, until: NOW, people, following };
  answerWith({ "GET /oncall": { status: 200, body: { items: [night, { ...night, name: "empty", people: [] }] } } });
  renderSignedIn(<OnCallPage />);
  await screen.findByText("night");
  const [, first, second] = screen.getAllByRole("row").map((row) => row.textContent);
  expect(first).toMatch(/^nightcarol carol@corp\.example.*gone@corp\.example nobody here/);
  expect(second).toMatch(/^emptynobody/);
});
