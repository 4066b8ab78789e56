import { fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { Tokens } from "../src/account/Tokens";
import { setCsrfToken } from "../src/api/client";
import type { Session } from "../src/api/types";
import { renderSignedIn } from "./render";
import { SESSION } from "./samples";
import { answerWith, problem, type Answer } from "./wire";

const WANTS_PROOF = problem(403, "this needs a proof of who you are", "", "step_up_required");
const MADE: Answer = {
  status: 201,
  body: { token: "soar_t_1_secret", id: "t_1", name: "ci", scopes: ["run:read"], expires_at: "2026-12-21T02:09:00Z" },
};
const HOLDER: Session = { ...SESSION, permissions: ["token:read", "token:write", "run:read"] };

beforeEach(() => setCsrfToken("csrf-of-this-session"));

function serve(tokens: Answer[], proof: Answer[], kinds: string[] = []) {
  return answerWith({
    "GET /tokens": { status: 200, body: { items: [], next: null } },
    "GET /roles": { status: 200, body: { items: [], permissions: [] } },
    "GET /sign-on": { status: 200, body: { name: null } },
    "POST /tokens": tokens,
    "POST /session/step-up": proof,
    "POST /session/step-up/challenge": { status: 200, body: { kinds, passkey: null } },
  });
}

async function askForToken(): Promise<void> {
  renderSignedIn(<Tokens />, HOLDER);
  fireEvent.click(await screen.findByRole("button", { name: "Make a token…" }));
  fireEvent.change(screen.getByLabelText("What it is for"), { target: { value: "ci" } });
  fireEvent.click(screen.getByLabelText("run:read"));
  fireEvent.click(screen.getByRole("button", { name: "Make it" }));
}

async function findProof(): Promise<HTMLElement> {
  return screen.findByRole("dialog", { name: "Prove that it is you" });
}

function type(dialog: HTMLElement, label: RegExp, text: string): void {
  fireEvent.change(within(dialog).getByLabelText(label), { target: { value: text } });
}

describe("a proof that the server wants first", () => {
  it("is asked for, and then what was about to be sent is sent once more, with the new session's token", async () => {
    const sent = serve([WANTS_PROOF, MADE], [{ status: 200, body: { ...HOLDER, csrf: "csrf-after" } }], ["totp"]);
    await askForToken();
    const dialog = await findProof();
    type(dialog, /^Password/, "right");
    const code = await within(dialog).findByLabelText(/^Code/);
    fireEvent.change(code, { target: { value: "123456" } });
    fireEvent.click(within(dialog).getByRole("button", { name: "Prove it, and go on" }));

    expect(await screen.findByText("soar_t_1_secret")).toBeDefined();
    expect(screen.queryByRole("dialog", { name: "Prove that it is you" })).toBeNull();
    const posts = sent.filter(({ path }) => path === "/tokens" || path === "/session/step-up");
    expect(posts.map(({ method, path, csrf }) => [method, path, csrf])).toEqual([
      ["GET", "/tokens", null],
      ["POST", "/tokens", "csrf-of-this-session"],
      ["POST", "/session/step-up", "csrf-of-this-session"],
      ["POST", "/tokens", "csrf-after"],
      ["GET", "/tokens", null],
    ]);
    expect(posts[2]?.body).toEqual({ password: "right", code: "123456" });
  });

  it("that is wrong can be tried again", async () => {
    const wrong = problem(403, "the password or the second factor is wrong", "", "wrong_proof");
    serve([WANTS_PROOF, MADE], [wrong, { status: 200, body: HOLDER }]);
    await askForToken();
    const dialog = await findProof();
    type(dialog, /^Password/, "wrong");
    const go = await within(dialog).findByRole<HTMLButtonElement>("button", { name: "Prove it, and go on" });
    await within(dialog).findByLabelText(/^Password/);
    await expect.poll(() => go.disabled).toBe(false);
    fireEvent.click(go);
    expect(await within(dialog).findByText("the password or the second factor is wrong")).toBeDefined();
    expect(within(dialog).queryByLabelText(/^Code/)).toBeNull();
    fireEvent.click(go);
    expect(await screen.findByText("soar_t_1_secret")).toBeDefined();
  });

  it("that is not given leaves everything as it was, and says why", async () => {
    const sent = serve([WANTS_PROOF], []);
    await askForToken();
    const dialog = await findProof();
    fireEvent.click(within(dialog).getByRole("button", { name: "Do nothing" }));
    expect(await screen.findByText("this needs a proof of who you are")).toBeDefined();
    expect(screen.getByLabelText<HTMLInputElement>("What it is for").value).toBe("ci");
    expect(sent.filter(({ method, path }) => method === "POST" && path === "/tokens")).toHaveLength(1);
  });
});
