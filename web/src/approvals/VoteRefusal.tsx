import { useEffect, useRef } from "react";
import { useSignOut } from "../api/commands";
import { ApiError } from "../api/error";
import type { Approval } from "../api/types";
import { Problem } from "../components/Problem";

const LEADS: Record<number, string> = {
  403: "You may not cast this vote. It was not counted.",
  409: "It was decided or changed before your vote arrived. Your vote was not counted.",
  422: "Something is missing or not right. Your vote was not counted.",
};

/** Why a vote was not taken, in place and in plain words. */
export function VoteRefusal({ error, approval }: { error: Error; approval: Approval }) {
  const signOut = useSignOut();
  const status = error instanceof ApiError ? error.status : 0;
  const place = useRef<HTMLDivElement>(null);
  const needsSignIn = status === 403 && approval.assurance === "mfa";

  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [error]);

  return (
    <div ref={place}>
      {LEADS[status] && <p>{LEADS[status]}</p>}
      <Problem error={error} />
      {needsSignIn && (
        <p>
          This decision wants a sign-in younger than five minutes.{" "}
          <button type="button" onClick={() => signOut.mutate()}>
            Sign in again
          </button>
        </p>
      )}
    </div>
  );
}
