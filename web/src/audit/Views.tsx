import { useAuditViews, type Question } from "../api/auditQueries";
import { Loaded } from "../components/Loaded";
import { Link } from "../router/Link";
import { questionPath } from "./question";

/** The questions that are asked again and again; what is typed in the box narrows them. */
export function Views({ question: { q, view } }: { question: Question }) {
  return (
    <details className="more" open={view !== ""}>
      <summary>Ready-made questions</summary>
      <Loaded query={useAuditViews()}>
        {({ items }) => (
          <ul className="lines">
            {items.map((item) => (
              <li key={item.name}>
                <Link to={questionPath({ q, view: item.name })} aria-current={item.name === view ? "true" : undefined}>
                  {item.title}
                </Link>{" "}
                <code className="quiet">{item.query}</code>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </details>
  );
}
