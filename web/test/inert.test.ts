import { describe, expect, it } from "vitest";
import { cut, inert, revealHidden } from "../src/text/inert";

describe("inert", () => {
  it.each([
    ["a right-to-left override", "invoice\u202Egpj.exe", "invoice⟨U+202E⟩gpj.exe"],
    ["a zero-width space", "pay\u200Bpal", "pay⟨U+200B⟩pal"],
    ["a bidirectional isolate", "\u2067abc\u2069", "⟨U+2067⟩abc⟨U+2069⟩"],
    ["an escape sequence", "\u001B[31mred", "⟨U+001B⟩[31mred"],
    ["a null", "a\0b", "a⟨U+0000⟩b"],
    ["a C1 control", "a\u009Bb", "a⟨U+009B⟩b"],
    ["a carriage return that overwrites a line", "a\rb", "a⟨U+000D⟩b"],
    ["a line separator", "a\u2028b", "a⟨U+2028⟩b"],
    ["a tag character beyond the basic plane", "a\u{E0041}b", "a⟨U+E0041⟩b"],
    ["a variation selector", "a\uFE01b", "a⟨U+FE01⟩b"],
    ["a Hangul filler", "a\u3164b", "a⟨U+3164⟩b"],
    ["a blank Braille pattern", "a\u2800b", "a⟨U+2800⟩b"],
    ["a lone surrogate", "a\uD800b", "a⟨U+D800⟩b"],
    ["a byte order mark", "\uFEFFa", "⟨U+FEFF⟩a"],
  ])("shows %s", (_, hostile, shown) => {
    expect(inert(hostile)).toBe(shown);
  });

  it.each([
    ["http://evil.example/login.php?a=b.c", "hxxp://evil[.]example/login.php?a=b.c"],
    ["HTTPS://Evil.Example", "HxxPS://Evil[.]Example"],
    ["ftp://files.evil.example", "fxp://files[.]evil[.]example"],
    ["see http://a.example and http://b.example", "see hxxp://a[.]example and hxxp://b[.]example"],
  ])("defangs %s", (address, shown) => {
    expect(inert(address)).toBe(shown);
  });

  it("changes nothing more when it is done again", () => {
    const once = inert("\u202E http://evil.example/\u200B hxxps://done[.]example");
    expect(inert(once)).toBe(once);
  });

  it("leaves the world's ordinary text alone", () => {
    const ordinary = 'Grüße, 你好, שלום, नमस्ते: 1 < 2 & "x"\n\tindented';
    expect(inert(ordinary)).toBe(ordinary);
  });
});

describe("revealHidden", () => {
  it("keeps addresses as they were received", () => {
    expect(revealHidden("http://evil.example/\u200B")).toBe("http://evil.example/⟨U+200B⟩");
  });
});

describe("cut", () => {
  it("counts code points, so that no character is torn", () => {
    expect(cut("𝔞𝔟𝔠", 2)).toEqual({ shown: "𝔞𝔟", isCut: true });
  });

  it("leaves text of exactly the limit whole", () => {
    expect(cut("abc", 3)).toEqual({ shown: "abc", isCut: false });
  });
});
