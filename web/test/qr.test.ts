import { describe, expect, it } from "vitest";
import { correct, encodeText } from "../src/qr/codewords";
import { rate } from "../src/qr/rating";
import { drawSymbol, type Squares } from "../src/qr/symbol";

const OTPAUTH = "otpauth://totp/soar:bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=soar";

/** The fifteen bits beside the first corner, most significant first (ISO/IEC 18004, figure 25). */
function readFormat(squares: Squares): string {
  const places = [
    ...[0, 1, 2, 3, 4, 5, 7].map((x) => [x, 8] as const),
    ...[8, 7, 5, 4, 3, 2, 1, 0].map((y) => [8, y] as const),
  ];
  return places.map(([x, y]) => (squares[y]?.[x] ? "1" : "0")).join("");
}

/** The bits of level M with each mask (ISO/IEC 18004, table C.1). */
const FORMATS = [
  "101010000010010",
  "101000100100101",
  "101111001111100",
  "101101101001011",
  "100010111111001",
  "100000011001110",
  "100111110010111",
  "100101010100000",
];

describe("a QR code", () => {
  it("corrects errors as the standard's example does", () => {
    const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17];
    expect(correct(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23]);
  });

  it("takes the smallest version that holds the text, and none for a text that is too long", () => {
    expect(encodeText("a".repeat(14))?.version).toBe(1);
    expect(encodeText("a".repeat(15))?.version).toBe(2);
    expect(encodeText("a".repeat(213))?.version).toBe(10);
    expect(encodeText("a".repeat(214))).toBeNull();
    expect(encodeText(OTPAUTH)?.codewords).toHaveLength(134);
  });

  it("begins with mode, length and text, and ends with padding", () => {
    const { codewords } = encodeText("hi") ?? { codewords: [] };
    expect(codewords.slice(0, 8)).toEqual([0x40, 0x26, 0x86, 0x90, 0xec, 0x11, 0xec, 0x11]);
  });

  it.each([1, 2, 6, 7, 10])("of version %i names its mask, and has its corners", (version) => {
    const text = "x".repeat([14, 26, 42, 62, 84, 106, 122, 152, 180, 213][version - 1] ?? 0);
    const squares = drawSymbol(encodeText(text) ?? { version: 0, codewords: [] });
    expect(squares).toHaveLength(17 + 4 * version);
    expect(FORMATS).toContain(readFormat(squares));
    const last = squares.length - 1;
    for (const [x, y] of [[0, 0], [last, 0], [0, last]] as const) {
      expect(squares[y]?.[x]).toBe(true);
    }
    expect(squares[last - 7]?.[8]).toBe(true);
  });

  it("is rated by runs, blocks, false corners and balance", () => {
    const dark = Array.from({ length: 5 }, () => new Array<boolean>(5).fill(true));
    expect(rate(dark)).toBe(10 * 3 + 16 * 3 + 10 * 10);
    expect(rate([[..."10111010000"].map((bit) => bit === "1")])).toBe(40);
  });
});
