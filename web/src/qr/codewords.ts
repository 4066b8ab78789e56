/** What a QR code says, as codewords: ISO/IEC 18004, byte mode, error correction level M, versions 1 to 10. */

/** Of each version from 1 on: codewords in all, those for correction in each block, blocks. */
const VERSIONS: readonly (readonly [number, number, number])[] = [
  [26, 10, 1],
  [44, 16, 1],
  [70, 26, 1],
  [100, 18, 2],
  [134, 24, 2],
  [172, 16, 4],
  [196, 18, 4],
  [242, 22, 4],
  [292, 22, 5],
  [346, 26, 5],
];

const BYTE_MODE = 0b0100;
const MODE_BITS = 4;
const PADDING = [0xec, 0x11];
/** x⁸ + x⁴ + x³ + x² + 1, which the field of 256 elements is made with. */
const FIELD = 0x11d;

export interface Encoded {
  version: number;
  /** Data and correction, interleaved as they are drawn. */
  codewords: readonly number[];
}

/** Returns the codewords of a text in the smallest version that holds it; null if none of those here does. */
export function encodeText(text: string): Encoded | null {
  const bytes = new TextEncoder().encode(text);
  for (const [index, [total, correction, blocks]] of VERSIONS.entries()) {
    const version = index + 1;
    const room = total - correction * blocks;
    const countBits = version < 10 ? 8 : 16;
    if (MODE_BITS + countBits + bytes.length * 8 <= room * 8) {
      return { version, codewords: interleave(writeData(bytes, countBits, room), blocks, correction) };
    }
  }
  return null;
}

/** The correction codewords of one block (Reed–Solomon over the field of 256 elements). */
export function correct(data: readonly number[], length: number): number[] {
  const generator = makeGenerator(length);
  const rest = new Array<number>(length).fill(0);
  for (const byte of data) {
    const factor = byte ^ (rest.shift() ?? 0);
    rest.push(0);
    for (const [index, coefficient] of generator.entries()) {
      rest[index] = (rest[index] ?? 0) ^ multiply(coefficient, factor);
    }
  }
  return rest;
}

/** Mode, length, bytes, an end of up to four zeros, and padding. */
function writeData(bytes: Uint8Array, countBits: number, room: number): number[] {
  const bits: number[] = [];
  const write = (value: number, length: number) => {
    for (let place = length - 1; place >= 0; place -= 1) {
      bits.push((value >>> place) & 1);
    }
  };
  write(BYTE_MODE, MODE_BITS);
  write(bytes.length, countBits);
  bytes.forEach((byte) => write(byte, 8));
  write(0, Math.min(4, room * 8 - bits.length));
  write(0, (8 - (bits.length % 8)) % 8);
  for (let index = 0; bits.length < room * 8; index += 1) {
    write(PADDING[index % 2] ?? 0, 8);
  }
  return Array.from({ length: room }, (_, place) =>
    bits.slice(place * 8, place * 8 + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
  );
}

/** The first codewords of all blocks, then the second, and so on; the later blocks may be one longer. */
function interleave(data: readonly number[], count: number, correction: number): number[] {
  const short = Math.floor(data.length / count);
  const firstLong = count - (data.length % count);
  const blocks: number[][] = [];
  for (let index = 0, start = 0; index < count; index += 1) {
    const length = short + (index >= firstLong ? 1 : 0);
    blocks.push(data.slice(start, start + length));
    start += length;
  }
  return [...weave(blocks), ...weave(blocks.map((block) => correct(block, correction)))];
}

function weave(blocks: readonly (readonly number[])[]): number[] {
  const longest = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: longest }, (_, place) => blocks.flatMap((block) => block[place] ?? [])).flat();
}

/** The product of (x − 2⁰), (x − 2¹) and so on, without its leading 1. */
function makeGenerator(degree: number): number[] {
  const generator = new Array<number>(degree).fill(0);
  generator[degree - 1] = 1;
  let root = 1;
  for (let factor = 0; factor < degree; factor += 1) {
    for (let index = 0; index < degree; index += 1) {
      generator[index] = multiply(generator[index] ?? 0, root) ^ (generator[index + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return generator;
}

function multiply(left: number, right: number): number {
  let product = 0;
  for (let place = 7; place >= 0; place -= 1) {
    product = (product << 1) ^ ((product >>> 7) * FIELD);
    product ^= ((right >>> place) & 1) * left;
  }
  return product;
}
