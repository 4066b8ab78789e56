/** Decoded values of a pattern's `:names`. */
export type Params = Record<string, string>;

/**
 * Compares a path with a pattern such as `/runs/:id`, segment by segment.
 *
 * @returns the values of its parameters, or null if the path is another one or is not validly encoded.
 */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = splitPath(pattern);
  const given = splitPath(path);
  if (wanted.length !== given.length) {
    return null;
  }
  const params: Params = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? "";
    if (part.startsWith(":")) {
      const value = decodeSegment(segment);
      if (value === null) {
        return null;
      }
      params[part.slice(1)] = value;
    } else if (part !== segment) {
      return null;
    }
  }
  return params;
}

function splitPath(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
