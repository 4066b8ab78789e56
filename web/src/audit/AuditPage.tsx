import { useAudit, type Question } from "../api/auditQueries";
import { Empty } from "../components/Empty";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Page } from "../components/Page";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { quoteWord } from "../text/words";
import { AuditLine } from "./AuditLine";
import { ExportLinks } from "./ExportLinks";
import { Facets } from "./Facets";
import { SearchForm } from "./SearchForm";
import { VerifyButton } from "./VerifyButton";
import { Views } from "./Views";

/** Who did what, newest first; searched, counted, exported, and the proof that nothing was changed since. */
export function AuditPage() {
  const { query } = useLocation();
  const question: Question = { q: query.get("q") ?? "", view: query.get("view") ?? "" };
  const list = useAudit(question);
  return (
    <Page title="Audit" command={writeCommand(question)}>
      <VerifyButton />
      <SearchForm question={question} />
      <Views question={question} />
      <Facets question={question} />
      <Loaded query={list}>
        {(events) =>
          events.length === 0 ? (
            <NoEvents question={question} />
          ) : (
            <ol className="audit">
              {events.map((event) => (
                <AuditLine key={event.sequence} event={event} />
              ))}
            </ol>
          )
        }
      </Loaded>
      <LoadMore list={list} />
      <ExportLinks question={question} />
    </Page>
  );
}

function NoEvents({ question: { q, view } }: { question: Question }) {
  return q || view ? (
    <Empty>
      Nothing in the record matches. <Link to="/audit">Show everything</Link>
    </Empty>
  ) : (
    <Empty>Everything that anybody does is listed here. Nothing has been done.</Empty>
  );
}

function writeCommand({ q, view }: Question): string {
  if (!q && !view) {
    return "soar audit list";
  }
  const asked = q.startsWith("-") ? `-- ${quoteWord(q)}` : q && quoteWord(q);
  return ["soar audit search", view && `--view ${quoteWord(view)}`, asked].filter((part) => part !== "").join(" ");
}
