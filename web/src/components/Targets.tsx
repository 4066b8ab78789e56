import { Fragment, useState } from "react";
import { Inert } from "./Inert";

/** Code points of targets shown before a reader asks for the rest; on a phone that is five lines. */
const LIMIT = 100;

/** What is acted on. A long list is cut between two targets, and says how many are left out. */
export function Targets({ targets }: { targets: readonly string[] }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? targets : takeFirst(targets);
  const more = targets.length - shown.length;
  return (
    <>
      {shown.map((target, index) => (
        <Fragment key={index}>
          {index > 0 && ", "}
          <Inert text={target} />
        </Fragment>
      ))}
      {more > 0 && (
        <>
          {" and "}
          <button type="button" className="link" onClick={() => setIsWhole(true)}>
            {more} more
          </button>
        </>
      )}
    </>
  );
}

/** The first targets that fit, and one at the least. */
function takeFirst(targets: readonly string[]): readonly string[] {
  let length = 0;
  const end = targets.findIndex((target, index) => {
    length += target.length;
    return index > 0 && length > LIMIT;
  });
  return end === -1 ? targets : targets.slice(0, end);
}
