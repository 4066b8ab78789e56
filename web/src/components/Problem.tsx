import { ApiError } from "../api/error";
import { Inert } from "./Inert";

/** What went wrong and what to do, in the server's words. */
export function Problem({ error }: { error: Error }) {
  const hint = error instanceof ApiError ? error.hint : "";
  const details = error instanceof ApiError ? error.errors : [];
  return (
    <div role="alert" className="problem">
      <p>
        <strong>
          <Inert text={error.message} />
        </strong>
        {hint && (
          <>
            {" "}
            <Inert text={hint} />
          </>
        )}
      </p>
      {details.length > 0 && (
        <ul>
          {details.map((detail) => (
            <li key={detail.pointer + detail.message}>
              <Inert text={detail.message} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
