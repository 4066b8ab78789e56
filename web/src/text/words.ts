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
  return principals.length === 0 ? "nobody" : principals.map(namePrincipals).join(" or ");
}

/** A sentence of the server with its principals as people write them: `role:analyst to decide` is `analyst to decide`. */
export function namePrincipals(sentence: string): string {
  return sentence.replace(/\b(role|user|group|team):(?=\w)/g, "");
}

/** Why somebody may not do something: `Your role (auditor) does not allow you to cancel this run.` */
export function explainRoles(roles: readonly string[], what: string): string {
  if (roles.length === 0) {
    return `You have no role, and so none that allows you to ${what}.`;
  }
  const [noun, verb] = roles.length === 1 ? ["role", "does"] : ["roles", "do"];
  return `Your ${noun} (${roles.join(", ")}) ${verb} not allow you to ${what}.`;
}

/** A playbook and the revision that runs: `phishing-triage@9c1f02a`. */
export function nameRevision(pinned: { playbook: string; revision: string }): string {
  return `${pinned.playbook}@${pinned.revision.replace(/^sha256:/, "").slice(0, 7)}`;
}

/** What somebody typed as a list: parts between commas, spaces and line breaks. */
export function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

/** A word as a shell takes it, whatever stands in it. */
export function quoteWord(text: string): string {
  return /^[\w.:@%/+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
