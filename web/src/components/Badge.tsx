import { spell } from "../text/words";

export type Tone = "neutral" | "busy" | "wait" | "good" | "bad";

/** A word in a frame; the tone only repeats what the word says. */
export function Badge({ word, tone = "neutral" }: { word: string; tone?: Tone }) {
  return <span className={`badge badge-${tone}`}>{spell(word)}</span>;
}
