import { useId, type ReactNode } from "react";

interface NowCardProps {
  title: string;
  isEmpty: boolean;
  empty: string;
  children: ReactNode;
}

/** One of the four cards of the first page. */
export function NowCard({ title, isEmpty, empty, children }: NowCardProps) {
  const id = useId();
  return (
    <section className="now-card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {isEmpty ? <p className="quiet">{empty}</p> : children}
    </section>
  );
}
