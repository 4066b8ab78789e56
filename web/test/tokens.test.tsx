import { fireEvent, screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { User } from "../src/api/accountTypes";
import { ProgramTokens } from "../src/people/ProgramTokens";
import { renderSignedIn } from "./render";
import { NOW, SESSION } from "./samples";
import { answerWith, type Answer } from "./wire";

const PROGRAM: User = {
  id: "u_prog",
  name: "nightly",
  email: "nightly@corp.example",
  roles: ["viewer"],
  kind: "service",
  owner: "carol",
  created_at: NOW,
  disabled_at: null,
  expires_at: null,
  may_log_in: false,
  is_invited: false,
  factors: 0,
  grants: ["voter@playbook=phishing-*"],
  teams: [],
};

const ADMIN = { ...SESSION, permissions: ["approval:vote", "audit:read", "run:cancel", "run:read", "user:write"] };

const ROLES: Answer = {
  status: 200,
  body: {
    items: [
      { name: "viewer", permissions: ["run:read", "alert:read"], scope: null },
      { name: "voter", permissions: ["approval:vote", "run:cancel"], scope: null },
      { name: "auditor", permissions: ["audit:read"], scope: null },
    ],
    permissions: [],
  },
};

const NONE: Answer = { status: 200, body: { items: [], next: null } };

it("offers a program's token what both its roles and the reader allow, and never what is for people", async () => {
  const sent = answerWith({
    "GET /roles": ROLES,
    "GET /users/u_prog/tokens": NONE,
    "POST /users/u_prog/tokens": {
      status: 201,
      body: { token: "soar_pat_shown_once", id: "t_1", name: "cron", expires_at: NOW },
    },
  });
  renderSignedIn(<ProgramTokens program={PROGRAM} />, ADMIN);
  fireEvent.click(await screen.findByText("Make a token…"));
  const dialog = within(screen.getByRole("dialog", { hidden: true }));
  const boxes = dialog.getAllByRole("checkbox", { hidden: true }).map((box) => box.closest("label")?.textContent.trim());
  expect(boxes).toEqual(["run:cancel", "run:read"]);
  fireEvent.change(dialog.getByLabelText("What it is for"), { target: { value: "cron" } });
  fireEvent.click(dialog.getByLabelText("run:read"));
  fireEvent.click(dialog.getByRole("button", { name: "Make it", hidden: true }));
  expect(await screen.findByText("soar_pat_shown_once")).toBeTruthy();
  const made = sent.find(({ method }) => method === "POST");
  expect(made?.body).toEqual({ name: "cron", scopes: ["run:read"], days: 30, networks: [], within: null });
});

it("offers no token while a program could use none, and says what it takes", async () => {
  answerWith({ "GET /roles": ROLES, "GET /users/u_prog/tokens": NONE });
  renderSignedIn(<ProgramTokens program={{ ...PROGRAM, disabled_at: NOW }} />, ADMIN);
  expect(await screen.findByText(/Make one once it is switched on/)).toBeTruthy();
  expect(screen.queryByText("Make a token…")).toBeNull();
});
