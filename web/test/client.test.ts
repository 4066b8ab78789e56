import { beforeEach, describe, expect, it } from "vitest";
import { buildPath, request, setCsrfToken } from "../src/api/client";
import { ApiError } from "../src/api/error";
import { answerWith, problem } from "./wire";

beforeEach(() => setCsrfToken("csrf-of-this-session"));

describe("request", () => {
  it("carries the CSRF token when it changes something, and only then", async () => {
    const sent = answerWith({
      "GET /now": { status: 200, body: {} },
      "POST /audit/verify": { status: 200, body: {} },
    });
    await request("GET", "/now");
    await request("POST", "/audit/verify", {});
    expect(sent.map((one) => one.csrf)).toEqual([null, "csrf-of-this-session"]);
  });

  it("turns a problem document into an error with its code and hint", async () => {
    answerWith({ "GET /runs/run_9": problem(404, "There is no run run_9.", "Look at the list.") });
    const error = await request("GET", "/runs/run_9").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 404,
      message: "There is no run run_9.",
      code: "some_code",
      hint: "Look at the list.",
    });
  });

  it("returns nothing for an answer without content", async () => {
    answerWith({ "DELETE /session": { status: 204, body: null } });
    expect(await request("DELETE", "/session")).toBeUndefined();
  });
});

describe("buildPath", () => {
  it("encodes each segment, so that an id cannot become another path", () => {
    expect(buildPath(["runs", "../tokens?x#y"])).toBe("/runs/..%2Ftokens%3Fx%23y");
  });

  it("leaves empty query values out", () => {
    expect(buildPath(["messages"], { channel: "#soc", cursor: "" })).toBe("/messages?channel=%23soc");
  });
});
