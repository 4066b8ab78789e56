/** A QR code's squares (ISO/IEC 18004): patterns that never change, codewords round them, and the mask over those. */
import type { Encoded } from "./codewords";
import { rate } from "./rating";

/** Rows of squares, true where dark. */
export type Squares = boolean[][];

type IsMasked = (x: number, y: number) => boolean;

const MASKS: readonly IsMasked[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Draws codewords under the mask that is read most easily. */
export function drawSymbol(encoded: Encoded): Squares {
  const drawn = MASKS.map((_, mask) => draw(encoded, mask));
  return drawn.reduce((best, other) => (rate(other) < rate(best) ? other : best));
}

function draw({ version, codewords }: Encoded, mask: number): Squares {
  const size = 17 + 4 * version;
  const symbol = new Canvas(size);
  drawFinders(symbol);
  drawAlignment(symbol, version);
  drawTiming(symbol);
  drawFormat(symbol, mask);
  drawVersion(symbol, version);
  drawCodewords(symbol, codewords, MASKS[mask] ?? (() => false));
  return symbol.squares;
}

/** Squares that are still free, and those that are drawn. */
class Canvas {
  readonly squares: Squares;
  private readonly isDrawn: boolean[][];

  constructor(readonly size: number) {
    this.squares = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.isDrawn = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  }

  isFree(x: number, y: number): boolean {
    return this.isDrawn[y]?.[x] === false;
  }

  /** Draws a square; what lies outside is left out. */
  set(x: number, y: number, isDark: boolean): void {
    const [row, drawn] = [this.squares[y], this.isDrawn[y]];
    if (row && drawn && x >= 0 && x < this.size) {
      row[x] = isDark;
      drawn[x] = true;
    }
  }
}

function drawFinders(symbol: Canvas): void {
  for (const [left, top] of [[3, 3], [symbol.size - 4, 3], [3, symbol.size - 4]] as const) {
    drawRings(symbol, left, top, 4, (ring) => ring !== 2 && ring !== 4);
  }
}

function drawAlignment(symbol: Canvas, version: number): void {
  if (version === 1) {
    return;
  }
  const last = symbol.size - 7;
  const places = version < 7 ? [6, last] : [6, 6 + (last - 6) / 2, last];
  for (const x of places) {
    for (const y of places) {
      if (!(x === 6 && y === 6) && !(x === 6 && y === last) && !(x === last && y === 6)) {
        drawRings(symbol, x, y, 2, (ring) => ring !== 1);
      }
    }
  }
}

function drawRings(symbol: Canvas, x: number, y: number, widest: number, isDark: (ring: number) => boolean): void {
  for (let dy = -widest; dy <= widest; dy += 1) {
    for (let dx = -widest; dx <= widest; dx += 1) {
      symbol.set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }
}

function drawTiming(symbol: Canvas): void {
  for (let place = 8; place < symbol.size - 8; place += 1) {
    symbol.set(place, 6, place % 2 === 0);
    symbol.set(6, place, place % 2 === 0);
  }
}

/** Level M and the mask, twice, each with ten bits of correction. */
function drawFormat(symbol: Canvas, mask: number): void {
  const bits = addRemainder(mask, 10, 0x537) ^ 0x5412;
  const isDark = (place: number) => ((bits >>> place) & 1) === 1;
  for (let place = 0; place < 15; place += 1) {
    const near = place < 6 ? place : place < 8 ? place + 1 : 14 - place;
    if (place < 8) {
      symbol.set(8, near, isDark(place));
      symbol.set(symbol.size - 1 - place, 8, isDark(place));
    } else {
      symbol.set(place === 8 ? 7 : near, 8, isDark(place));
      symbol.set(8, symbol.size - 15 + place, isDark(place));
    }
  }
  symbol.set(8, symbol.size - 8, true);
}

/** From version 7 on, the version itself, twice. */
function drawVersion(symbol: Canvas, version: number): void {
  if (version < 7) {
    return;
  }
  const bits = addRemainder(version, 12, 0x1f25);
  for (let place = 0; place < 18; place += 1) {
    const isDark = ((bits >>> place) & 1) === 1;
    const [far, near] = [symbol.size - 11 + (place % 3), Math.floor(place / 3)];
    symbol.set(far, near, isDark);
    symbol.set(near, far, isDark);
  }
}

/** Appends the remainder of a division by a generator of this degree (Bose–Chaudhuri–Hocquenghem). */
function addRemainder(value: number, degree: number, generator: number): number {
  let rest = value;
  for (let step = 0; step < degree; step += 1) {
    rest = (rest << 1) ^ ((rest >>> (degree - 1)) * generator);
  }
  return (value << degree) | rest;
}

/** Two columns at a time from the right, up and down in turn; what is left over stays light under the mask. */
function drawCodewords(symbol: Canvas, codewords: readonly number[], isMasked: IsMasked): void {
  let place = 0;
  for (let right = symbol.size - 1; right >= 1; right -= right === 8 ? 3 : 2) {
    const isUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < symbol.size; step += 1) {
      const y = isUp ? symbol.size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (symbol.isFree(x, y)) {
          const bit = ((codewords[place >>> 3] ?? 0) >>> (7 - (place & 7))) & 1;
          symbol.set(x, y, (bit === 1) !== isMasked(x, y));
          place += 1;
        }
      }
    }
  }
}
