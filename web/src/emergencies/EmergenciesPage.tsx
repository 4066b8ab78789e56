import { useEmergencies, type Opening } from "../api/emergencies";
import { questionPath } from "../audit/question";
import { Badge } from "../components/Badge";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";
import { Link } from "../router/Link";
import { useMay } from "../shell/SessionContext";
import { CloseButton } from "./CloseButton";
import { ReviewButton } from "./ReviewButton";

const COLUMNS: readonly Column<Opening>[] = [
  {
    name: "Who",
    show: (opening) => (
      <strong>
        <Word text={opening.opened_by} />
      </strong>
    ),
  },
  { name: "Why", isWide: true, show: (opening) => <Inert text={opening.reason} limit={300} /> },
  { name: "Opened", show: (opening) => <Moment at={opening.opened_at} /> },
  { name: "Ends", show: (opening) => <End opening={opening} /> },
  { name: "What was done", show: (opening) => <Deeds opening={opening} /> },
  { name: "Review", isWide: true, show: (opening) => <Review opening={opening} /> },
];

/** When the glass was broken: by whom, why, until when, and what somebody found who looked at it afterwards. */
export function EmergenciesPage() {
  return (
    <Page title="Emergencies" command="soar break-glass list">
      <p>
        Whoever has the server's own machine can act as an administrator for an hour when nobody who may can sign in.
        Somebody else reviews afterwards what was done.
      </p>
      <Loaded query={useEmergencies()}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              The glass was never broken. In an emergency, on the server itself: <code>soar break-glass open</code>
            </Empty>
          ) : (
            <Table label="Emergencies" columns={COLUMNS} items={items} keyOf={(opening) => opening.id} />
          )
        }
      </Loaded>
    </Page>
  );
}

function End({ opening }: { opening: Opening }) {
  const mayClose = useMay("user:write");
  if (opening.closed_at) {
    return (
      <>
        <Moment at={opening.closed_at} />
        {opening.closed_by && (
          <>
            {" "}
            by <Word text={opening.closed_by} />
          </>
        )}
      </>
    );
  }
  return (
    <>
      <Badge word="open" tone="bad" /> until <Moment at={opening.expires_at} />{" "}
      {mayClose && <CloseButton opening={opening} />}
    </>
  );
}

function Deeds({ opening }: { opening: Opening }) {
  const mayRead = useMay("audit:read");
  return mayRead ? (
    <Link to={questionPath({ q: `actor:${opening.user}`, view: "" })}>
      See the record<span className="unseen"> of {opening.user}</span>
    </Link>
  ) : (
    <>as {opening.user}</>
  );
}

function Review({ opening }: { opening: Opening }) {
  const mayReview = useMay("emergency:review");
  if (opening.reviewed_at) {
    return (
      <>
        <Inert text={opening.review} limit={200} />{" "}
        <span className="quiet">
          <Word text={opening.reviewed_by} />, <Moment at={opening.reviewed_at} />
        </span>
      </>
    );
  }
  if (!opening.closed_at) {
    return <span className="quiet">once it has ended</span>;
  }
  return mayReview ? <ReviewButton opening={opening} /> : <Badge word="to be reviewed" tone="wait" />;
}
