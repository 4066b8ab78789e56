import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Root } from "../src/shell/Root";
import { SESSION } from "./samples";
import { answerWith, problem } from "./wire";

const EMPTY_LIST = { status: 200, body: { items: [], next: null } };
const NOTHING_NOW = {
  waiting_for_me: [],
  waiting_for_others: 0,
  running: [],
  broke: [],
  responses_ending: [],
  freezes: [],
  counts: { alerts: 0, runs: 0, waiting: 0 },
  first_alert: null,
};

/** A stream that never says anything. */
class SilentStream extends EventTarget {
  readonly readyState = 1;
  static readonly OPEN = 1;
  close(): void {
    this.dispatchEvent(new Event("closed"));
  }
}

beforeEach(() => vi.stubGlobal("EventSource", SilentStream));

function signIn(password: string): void {
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "mia" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: password } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("the session", () => {
  it("shows the sign-in to a stranger, then the page that was asked for", async () => {
    window.history.replaceState(null, "", "/runs");
    answerWith({
      "GET /session": problem(401, "Nobody is signed in."),
      "POST /session": { status: 200, body: SESSION },
      "GET /runs": EMPTY_LIST,
      "GET /now": { status: 200, body: NOTHING_NOW },
    });
    render(<Root />);
    await screen.findByRole("heading", { name: "Sign in to soar" });
    signIn("right");

    expect(await screen.findByRole("heading", { name: "Runs" })).toBeDefined();
    expect(screen.getByText("soar run list")).toBeDefined();
  });

  it("offers the identity provider where there is one, and comes back to the page that was asked for", async () => {
    window.history.replaceState(null, "", "/approvals/ap_1?tab=2");
    answerWith({
      "GET /session": problem(401, "Nobody is signed in."),
      "GET /sign-on": { status: 200, body: { name: "Corp ID" } },
    });
    render(<Root />);
    const link = await screen.findByRole("link", { name: "Log in with Corp ID" });
    expect(link.getAttribute("href")).toBe("/login/sso/start?to=%2Fapprovals%2Fap_1%3Ftab%3D2");
  });

  it("neither offers nor asks for a page that the session may not read", async () => {
    window.history.replaceState(null, "", "/audit");
    const sent = answerWith({
      "GET /session": { status: 200, body: SESSION },
      "GET /now": { status: 200, body: NOTHING_NOW },
    });
    render(<Root />);
    expect(await screen.findByText("Your role (analyst) does not allow you to read this page.")).toBeDefined();
    expect(screen.queryByRole("link", { name: "Audit" })).toBeNull();
    expect(screen.getByRole("link", { name: "Alerts" })).toBeDefined();
    expect(sent.map(({ path }) => path)).not.toContain("/audit");
  });

  it("says in place that the password is wrong", async () => {
    answerWith({
      "GET /session": problem(401, "Nobody is signed in."),
      "POST /session": problem(401, "The name or the password is wrong."),
    });
    render(<Root />);
    await screen.findByRole("heading", { name: "Sign in to soar" });
    signIn("wrong");

    expect(await screen.findByText("The name or the password is wrong.")).toBeDefined();
    expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("mia");
  });

  it("goes back to the sign-in when any answer is a 401 and nobody is signed in any more", async () => {
    window.history.replaceState(null, "", "/runs");
    answerWith({
      "GET /session": [{ status: 200, body: SESSION }, problem(401, "Nobody is signed in.")],
      "GET /runs": problem(401, "The session has ended."),
      "GET /now": { status: 200, body: NOTHING_NOW },
    });
    render(<Root />);
    expect(await screen.findByRole("heading", { name: "Sign in to soar" })).toBeDefined();
  });

  it("stays where it is after a 401 to what was under way while the session got a new cookie", async () => {
    window.history.replaceState(null, "", "/runs");
    const sent = answerWith({
      "GET /session": { status: 200, body: SESSION },
      "GET /runs": problem(401, "The session has ended."),
      "GET /now": { status: 200, body: NOTHING_NOW },
    });
    render(<Root />);
    expect(await screen.findByText("The session has ended.")).toBeDefined();
    await waitFor(() => expect(sent.filter(({ path }) => path === "/session").length).toBeGreaterThan(1));
    expect(screen.getByRole("heading", { name: "Runs" })).toBeDefined();
  });

  it("asks for a second factor where the password is not enough, and sends both", async () => {
    const sent = answerWith({
      "GET /session": problem(401, "Nobody is signed in."),
      "POST /session": [
        problem(403, "a second factor is needed, too", "", "second_factor_required"),
        { status: 200, body: SESSION },
      ],
      "POST /session/challenge": { status: 200, body: { kinds: ["totp"], passkey: null } },
      "GET /now": { status: 200, body: NOTHING_NOW },
    });
    render(<Root />);
    await screen.findByRole("heading", { name: "Sign in to soar" });
    signIn("right");
    const code = await screen.findByLabelText(/^Code/);
    expect(screen.queryByRole("button", { name: "Use a security key" })).toBeNull();
    expect(screen.queryByRole("alert")).toBeNull();
    fireEvent.change(code, { target: { value: " 123456 " } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));

    expect(await screen.findByRole("navigation", { name: "Pages" })).toBeDefined();
    expect(sent.filter(({ method, path }) => method === "POST" && path === "/session").at(-1)?.body).toEqual({
      name: "mia",
      password: "right",
      code: "123456",
    });
  });
});
