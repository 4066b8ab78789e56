import { useEffect, useState, type FormEvent } from "react";
import type { Question } from "../api/auditQueries";
import { Link } from "../router/Link";
import { navigate } from "../router/location";
import { questionPath } from "./question";

/** Characters that a query may have. */
const LONGEST = 500;

/** The one box that the record is searched with. */
export function SearchForm({ question }: { question: Question }) {
  const [q, setQ] = useState(question.q);
  useEffect(() => setQ(question.q), [question.q]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    navigate(questionPath({ ...question, q: q.trim() }));
  }

  return (
    <form role="search" className="search" onSubmit={submit}>
      <label>
        <span>
          Search{" "}
          <span className="quiet">
            words, or conditions such as <code>actor:carol type:approval.* -outcome:success after:2026-11-01</code>
          </span>
        </span>
        <input
          type="search"
          value={q}
          onChange={(event) => setQ(event.target.value)}
          maxLength={LONGEST}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
      <div className="buttons">
        <button type="submit" className="primary">
          Search
        </button>
        {(question.q || question.view) && <Link to="/audit">Show everything</Link>}
      </div>
    </form>
  );
}
