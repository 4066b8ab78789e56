import { describe, expect, it } from "vitest";
import type { User } from "../src/api/accountTypes";
import { narrow, questionPath } from "../src/audit/question";
import { describeState } from "../src/people/state";
import { quoteWord, splitList } from "../src/text/words";
import { NOW } from "./samples";

const EVA: User = {
  id: "u_eva",
  name: "eva",
  email: "eva@corp.example",
  roles: [],
  kind: "person",
  owner: null,
  created_at: NOW,
  disabled_at: null,
  expires_at: null,
  may_log_in: true,
  is_invited: false,
  factors: 0,
  grants: [],
  teams: [],
};

describe("a search of the record", () => {
  it.each([
    ["", "actor", "carol", "actor:carol"],
    ["-outcome:success", "type", "approval.voted", "-outcome:success type:approval.voted"],
    ["", "actor", 'a "b", c*', 'actor:"a \\"b\\", c*"'],
  ])("%s is narrowed by %s %s", (q, field, value, narrowed) => {
    expect(narrow(q, field, value)).toBe(narrowed);
  });

  it("stands in the address, so that it can be sent to somebody", () => {
    expect(questionPath({ q: "", view: "" })).toBe("/audit");
    expect(questionPath({ q: "actor:eva a&b", view: "audit-access" })).toBe("/audit?q=actor%3Aeva+a%26b&view=audit-access");
  });
});

describe("what was typed", () => {
  it("is quoted for a shell where it is more than a word", () => {
    expect(quoteWord("playbook:phishing-triage")).toBe("playbook:phishing-triage");
    expect(quoteWord("eva; rm -rf $HOME")).toBe("'eva; rm -rf $HOME'");
    expect(quoteWord("it's")).toBe("'it'\\''s'");
  });

  it("as a list is parted by commas, spaces and lines", () => {
    expect(splitList(" 192.0.2.0/24, 198.51.100.7\n\n2001:db8::/32 ")).toEqual([
      "192.0.2.0/24",
      "198.51.100.7",
      "2001:db8::/32",
    ]);
  });
});

describe("an account", () => {
  it.each([
    [{}, "active"],
    [{ disabled_at: NOW }, "switched off"],
    [{ expires_at: "2026-11-21T02:08:59Z" }, "ended"],
    [{ expires_at: "2026-11-21T02:09:01Z" }, "active"],
    [{ may_log_in: false, is_invited: true }, "invited"],
    [{ disabled_at: NOW, is_invited: true }, "switched off"],
  ])("with %o is %s", (changes, word) => {
    expect(describeState({ ...EVA, ...changes }, Date.parse(NOW)).word).toBe(word);
  });
});
