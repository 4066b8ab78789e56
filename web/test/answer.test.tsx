import { fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setCsrfToken } from "../src/api/client";
import type { Approval, FormField } from "../src/api/types";
import { ApprovalCard } from "../src/approvals/ApprovalCard";
import { AnswerForm } from "../src/approvals/AnswerForm";
import { renderSignedIn } from "./render";
import { AUDITOR, NOW, sampleApproval } from "./samples";
import { answerWith, problem } from "./wire";

const ANSWERS = "POST /approvals/ap_1/answers";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(NOW) });
  setCsrfToken("csrf-of-this-session");
});

function sampleField(changes: Partial<FormField>): FormField {
  return { name: "mine", type: "bool", label: "It was me", enum: [], has_default: false, default: null, ...changes };
}

function sampleQuestion(fields: FormField[], changes: Partial<Approval> = {}): Approval {
  const plain = sampleApproval();
  const card = { ...plain.card, question: "Was it you?", action: "", reason: "Ask the owner", impact: "", undo: "" };
  return { ...plain, card, escalations: [], assurance: "linked", confirm: "", fields, ...changes };
}

describe("the form", () => {
  it("sends each answer with its type, and leaves out what has a default", async () => {
    const fields = [
      sampleField({}),
      sampleField({ name: "verdict", type: "string", label: "Verdict", enum: ["compromised", "false_alarm"] }),
      sampleField({ name: "count", type: "int", label: "How many" }),
      sampleField({ name: "from", type: "ip", label: "From where" }),
      sampleField({ name: "note", type: "string", label: "Note", has_default: true, default: null }),
    ];
    const question = sampleQuestion(fields);
    const sent = answerWith({ [ANSWERS]: { status: 200, body: { ...question, status: "answered" } } });
    renderSignedIn(<AnswerForm approval={question} />);

    fireEvent.click(within(screen.getByRole("group", { name: "It was me" })).getByLabelText("No"));
    fireEvent.click(screen.getByLabelText("false_alarm"));
    fireEvent.change(screen.getByLabelText("How many"), { target: { value: "3" } });
    fireEvent.change(screen.getByLabelText(/From where/), { target: { value: "198.51.100.7" } });
    fireEvent.click(screen.getByRole("button", { name: "Send the answer" }));

    expect(await screen.findByText("CD34 is answered.")).toBeDefined();
    expect(sent.filter((request) => request.method === "POST")).toEqual([
      {
        method: "POST",
        path: "/approvals/ap_1/answers",
        csrf: "csrf-of-this-session",
        body: { answers: { mine: false, verdict: "false_alarm", count: 3, from: "198.51.100.7" } },
      },
    ]);
  });

  it("opens with the defaults filled in, and nothing chosen where there is none", () => {
    const fields = [
      sampleField({}),
      sampleField({ name: "sure", label: "Sure", has_default: true, default: true }),
      sampleField({ name: "n", type: "int", label: "How many", has_default: true, default: 3 }),
    ];
    renderSignedIn(<AnswerForm approval={sampleQuestion(fields)} />);
    const chosen = screen.getAllByRole<HTMLInputElement>("radio").map((radio) => radio.checked);
    expect(chosen).toEqual([false, false, true, false]);
    expect(screen.getByLabelText<HTMLInputElement>(/How many/).value).toBe("3");
  });

  it("folds many choices into a list", () => {
    const many = Array.from({ length: 9 }, (_, place) => `site ${place}`);
    renderSignedIn(<AnswerForm approval={sampleQuestion([sampleField({ type: "string", enum: many })])} />);
    expect(screen.queryAllByRole("radio")).toEqual([]);
    expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["Choose…", ...many]);
  });

  it("says at the field what the server refused, and keeps what was typed", async () => {
    const refused = problem(422, "The answers to CD34 do not fit.", "Correct these fields.");
    const errors = [{ pointer: "/answers/n", message: "`x` is not an int" }];
    answerWith({ [ANSWERS]: { ...refused, body: { ...(refused.body as object), errors } } });
    renderSignedIn(<AnswerForm approval={sampleQuestion([sampleField({ name: "n", type: "int", label: "How many" })])} />);
    const field = screen.getByLabelText<HTMLInputElement>("How many");
    fireEvent.change(field, { target: { value: "x" } });
    fireEvent.click(screen.getByRole("button", { name: "Send the answer" }));

    expect((await screen.findByRole("alert")).textContent).toContain("The answers to CD34 do not fit.");
    expect(field.value).toBe("x");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    const described = document.getElementById(field.getAttribute("aria-describedby") ?? "");
    expect(described?.textContent).toBe("`x` is not an int");
  });

  it.each([
    ["who may not", { may_vote: false }],
    ["what is answered", { status: "answered" as const }],
    ["what is over", { expires_at: "2026-11-21T02:08:00Z" }],
  ])("is not there for %s", (_, changes) => {
    renderSignedIn(<AnswerForm approval={sampleQuestion([sampleField({})], changes)} />);
    expect(screen.queryByRole("form")).toBeNull();
  });

  it("shows hostile labels as text that hides nothing", () => {
    renderSignedIn(<AnswerForm approval={sampleQuestion([sampleField({ label: "<b>Yes</b>\u202e" })])} />);
    expect(screen.getByRole("group").querySelector("legend")?.textContent).toBe("<b>Yes</b>⟨U+202E⟩");
  });
});

describe("the card of a question", () => {
  it("says what is asked, and offers no vote", () => {
    renderSignedIn(<ApprovalCard approval={sampleQuestion([sampleField({})])} />);
    const text = screen.getByRole("article").textContent ?? "";
    expect(text).toContain("CD34 · asks for facts");
    expect(text).toContain("It was me");
    expect(text).not.toContain("NO");
    expect(text).not.toContain("a gate without an action");
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(screen.getByRole("link", { name: "Answer…" })).toBeDefined();
  });

  it("shows what was answered and by whom", () => {
    const reply = { user: "u_ann", name: "ann", roles: ["analyst"], via: "web", at: NOW, answers: { mine: false } };
    const closed = { status: "answered" as const, reply, decided_at: NOW, may_vote: false };
    renderSignedIn(<ApprovalCard approval={sampleQuestion([sampleField({})], closed)} />);
    const text = screen.getByRole("article").textContent ?? "";
    expect(text).toContain("It was meno");
    expect(text).toContain("ANSWERED by ann.");
  });

  it("tells who may only read that their role does not answer", () => {
    renderSignedIn(<ApprovalCard approval={sampleQuestion([sampleField({})])} />, AUDITOR);
    expect(screen.getByText("Your role (auditor) does not allow you to answer.")).toBeDefined();
    expect(screen.getByRole("link", { name: "Details" })).toBeDefined();
  });
});
