/** A number with its noun: `1 host`, `12 hosts`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** A status or other identifier as people write it: `timed_out` is `timed out`. */
export function spell(identifier: string): string {
  return identifier.replaceAll("_", " ");
}

/** Principals as people write them: `role:soc-lead, user:ann` is `soc-lead or ann`. */
export function nameEligible(principals: readonly string[]): string {
  const names = principals.map((principal) => principal.replace(/^(role|user|group|team):/, ""));
  return names.length === 0 ? "nobody" : names.join(" or ");
}

/** A playbook and the revision that runs: `phishing-triage@9c1f02a`. */
export function nameRevision(pinned: { playbook: string; revision: string }): string {
  return `${pinned.playbook}@${pinned.revision.replace(/^sha256:/, "").slice(0, 7)}`;
}
