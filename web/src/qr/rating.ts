import type { Squares } from "./symbol";

/** What a reader takes for the corner of a code: 1 : 1 : 3 : 1 : 1, with four light squares at a side. */
const FALSE_FINDER = /(?=10111010000|00001011101)/g;

/** How hard a code is to read: ISO/IEC 18004, 7.8.3.1. Less is better. */
export function rate(squares: Squares): number {
  const rows = squares.map((row) => row.map((isDark) => (isDark ? "1" : "0")).join(""));
  const columns = rows.map((_, x) => rows.map((row) => row[x]).join(""));
  const lines = [...rows, ...columns];
  return sum(lines.map(rateRuns)) + sum(lines.map(rateFinders)) + rateBlocks(rows) + rateBalance(rows.join(""));
}

function rateRuns(line: string): number {
  return sum([...line.matchAll(/0{5,}|1{5,}/g)].map(([run]) => run.length - 2));
}

function rateFinders(line: string): number {
  return 40 * [...line.matchAll(FALSE_FINDER)].length;
}

function rateBlocks(rows: readonly string[]): number {
  let blocks = 0;
  rows.forEach((row, y) => {
    const below = rows[y + 1] ?? "";
    for (let x = 0; x + 1 < below.length; x += 1) {
      blocks += Number(row[x] === row[x + 1] && row[x] === below[x] && row[x] === below[x + 1]);
    }
  });
  return 3 * blocks;
}

function rateBalance(all: string): number {
  const share = (100 * all.replaceAll("0", "").length) / all.length;
  return 10 * Math.floor(Math.abs(share - 50) / 5);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
