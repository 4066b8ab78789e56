import { Inert } from "./Inert";

/** A person's name or an address: short, no outsider's words, and not broken by a narrow column. */
export function Word({ text }: { text: string }) {
  return (
    <span className="word">
      <Inert text={text} limit={64} />
    </span>
  );
}
