/**
 * Characters that a reader cannot see or that reorder what they see: controls, format characters (bidirectional
 * overrides, zero-width joiners, tags), line and paragraph separators, lone surrogates, private use, everything that
 * Unicode lets a font ignore, and the blank Braille pattern.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu;

const URL_START = /\b(https?|ftp)(:\/\/)([^\s/?#]*)/giu;

/**
 * Makes hostile text harmless to read: hidden characters show as `⟨U+202E⟩`, and addresses are defanged.
 *
 * Doing it twice changes nothing more. Line breaks and tabs are kept.
 */
export function inert(text: string): string {
  return defang(revealHidden(text));
}

/** Shows each hidden character by its code point; line feeds and tabs are kept. */
export function revealHidden(text: string): string {
  return text.replace(HIDDEN, (character) => {
    if (character === "\n" || character === "\t") {
      return character;
    }
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

function defang(text: string): string {
  return text.replace(URL_START, (_, scheme: string, slashes: string, host: string) => {
    const safeScheme = scheme.replace(/t/gi, "x");
    return safeScheme + slashes + host.replace(/(?<!\[)\./g, "[.]");
  });
}

/** Cuts text to at most `limit` code points, and says whether it had to. */
export function cut(text: string, limit: number): { shown: string; isCut: boolean } {
  const characters = Array.from(text);
  return characters.length <= limit
    ? { shown: text, isCut: false }
    : { shown: characters.slice(0, limit).join(""), isCut: true };
}
