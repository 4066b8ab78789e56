import type { Access } from "../api/accountTypes";
import { Inert } from "../components/Inert";

/** Yes or no, and everything that decides it. */
export function AccessVerdict({ access }: { access: Access }) {
  return (
    <div role="status">
      <div className={access.is_allowed ? "verdict" : "problem"}>
        <p>
          <strong>{access.is_allowed ? "Yes." : "No."}</strong> <Inert text={access.user} limit={80} />{" "}
          {access.is_allowed ? "may" : "may not"} <code>{access.permission}</code>
          {access.thing && (
            <>
              {" on "}
              <Inert text={access.thing} limit={120} />
            </>
          )}
          .
        </p>
        {access.reason && (
          <p>
            <Inert text={access.reason} />
          </p>
        )}
      </div>
      <h2>What decides it</h2>
      <ul className="why">
        {access.reasons.map((reason, index) => (
          <li key={index}>
            <span className={`mark ${reason.is_met ? "mark-good" : "mark-bad"}`} aria-hidden="true">
              {reason.is_met ? "✔" : "✖"}
            </span>
            <span className="unseen">{reason.is_met ? "For it: " : "Against it: "}</span>
            <Inert text={reason.text} />
          </li>
        ))}
      </ul>
    </div>
  );
}
