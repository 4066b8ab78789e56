// Takes the addresses of donation pages out of package-lock.json; npm runs it after each change of the dependencies.
import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("package-lock.json", import.meta.url);

const written = readFileSync(LOCK, "utf8");
const lock = JSON.parse(written);
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
}
const stripped = `${JSON.stringify(lock, null, 2)}\n`;
if (stripped !== written) {
  writeFileSync(LOCK, stripped);
}
