import type { Vote } from "../api/types";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";

/** Who has said what so far. */
export function Votes({ votes }: { votes: readonly Vote[] }) {
  if (votes.length === 0) {
    return null;
  }
  return (
    <ul className="votes">
      {votes.map((vote) => (
        <li key={vote.user}>
          <strong>{vote.choice === "approve" ? "yes" : "no"}</strong> <Inert text={vote.name} limit={60} /> (
          {vote.roles.join(", ")}) <Moment at={vote.at} />
          {vote.comment && (
            <>
              {" "}
              <q>
                <Inert text={vote.comment} />
              </q>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
