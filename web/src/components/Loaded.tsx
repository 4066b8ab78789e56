import type { ReactNode } from "react";
import { Problem } from "./Problem";

interface LoadedProps<Data> {
  query: { data: Data | undefined; error: Error | null };
  children: (data: Data) => ReactNode;
}

/** What a query brought; what it brought last stays on the screen when asking again fails. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  return (
    <>
      {query.error && <Problem error={query.error} />}
      {query.data !== undefined && children(query.data)}
      {query.data === undefined && !query.error && (
        <p role="status" className="quiet">
          Loading…
        </p>
      )}
    </>
  );
}
