import { useState } from "react";
import { useAuditViews, useFacets, type Question } from "../api/auditQueries";
import type { Tally } from "../api/auditTypes";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Link } from "../router/Link";
import { countOf } from "../text/words";
import { narrow, questionPath } from "./question";

/** How what was found is spread. It is counted when somebody opens it: each count is itself recorded. */
export function Facets({ question }: { question: Question }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="more" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Count by type, person, outcome and day</summary>
      {isOpen && <Counts question={question} />}
    </details>
  );
}

function Counts({ question }: { question: Question }) {
  const views = useAuditViews();
  const view = views.data?.items.find((item) => item.name === question.view);
  if (question.view !== "" && !view) {
    return <Loaded query={views}>{() => null}</Loaded>;
  }
  return (
    <>
      {view?.is_narrowed && <p className="quiet">Counted is all that its query finds; fewer of these are meant.</p>}
      <Counted q={[view?.query ?? "", question.q].filter((part) => part !== "").join(" ")} question={question} />
    </>
  );
}

function Counted({ q, question }: { q: string; question: Question }) {
  return (
    <Loaded query={useFacets(q)}>
      {(facets) => (
        <>
          <p>
            {countOf(facets.counted, "event")}
            {!facets.is_complete && ", the newest; there are more"}.
          </p>
          <div className="facets">
            <Facet name="Type" field="type" tallies={facets.types} question={question} />
            <Facet name="Person or program" field="actor" tallies={facets.actors} question={question} />
            <Facet name="Outcome" field="outcome" tallies={facets.outcomes} question={question} />
            <Facet name="Day" field="day" tallies={facets.days} question={question} />
          </div>
        </>
      )}
    </Loaded>
  );
}

interface FacetProps {
  name: string;
  field: string;
  tallies: readonly Tally[];
  question: Question;
}

/** The values of one field, each a link that narrows the search. */
function Facet({ name, field, tallies, question: { q, view } }: FacetProps) {
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <ul className="plain">
        {tallies.map(({ value, count }) => (
          <li key={value}>
            <Link to={questionPath({ q: narrow(q, field, value), view })}>
              <Inert text={value} limit={60} staysCut />
            </Link>{" "}
            <span className="quiet">{count}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
