import { useEffect, useRef } from "react";
import { ApiError } from "../api/error";
import { wantsProof } from "../api/proof";
import { Problem } from "../components/Problem";
import { Link } from "../router/Link";

const LEADS: Record<number, string> = {
  403: "You may not cast this vote. It was not counted.",
  409: "It was decided or changed before your vote arrived. Your vote was not counted.",
  422: "Something is missing or not right. Your vote was not counted.",
};

/** Why a vote was not taken, in place and in plain words. */
export function VoteRefusal({ error }: { error: Error }) {
  const status = error instanceof ApiError ? error.status : 0;
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [error]);

  return (
    <div ref={place}>
      {LEADS[status] && <p>{LEADS[status]}</p>}
      <Problem error={error} />
      {wantsProof(error) && (
        <p>
          This decision wants a proof with a second factor that is no older than five minutes.{" "}
          <Link to="/account">See your second factors</Link>
        </p>
      )}
    </div>
  );
}
