import { useAudit } from "../api/queries";
import { Empty } from "../components/Empty";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Page } from "../components/Page";
import { AuditLine } from "./AuditLine";
import { VerifyButton } from "./VerifyButton";

/** Who did what, newest first, and the proof that nothing was changed since. */
export function AuditPage() {
  const list = useAudit();
  return (
    <Page title="Audit" command="soar audit list">
      <VerifyButton />
      <Loaded query={list}>
        {(events) =>
          events.length === 0 ? (
            <Empty>Everything that anybody does is listed here. Nothing has been done.</Empty>
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
    </Page>
  );
}
