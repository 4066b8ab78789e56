import { useResponse } from "../api/queries";
import type { ActiveResponse } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Targets } from "../components/Targets";
import { Link } from "../router/Link";
import { runPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { countOf, quoteWord } from "../text/words";
import { CheckButton } from "./CheckButton";
import { ExtendButton } from "./ExtendButton";
import { KeepButton } from "./KeepButton";
import { LiftButton } from "./LiftButton";
import { describeLifter } from "./lifter";
import { describeSighting, isStanding } from "./sighting";
import { Until } from "./Until";

/** One change that we hold: what it is, until when, whether it is still there, and what can be done about it. */
export function ResponsePage({ id }: { id: string }) {
  const query = useResponse(id);
  return (
    <Page title={`Active response ${id}`} command={`soar response show ${quoteWord(id)}`}>
      <Loaded query={query}>
        {(response) => (
          <>
            <p className="sentence">
              <code>{response.action}</code> on <Targets targets={response.targets} />{" "}
              <StatusBadge status={response.status} />
            </p>
            <Trouble response={response} />
            <ResponseFacts response={response} />
            <Buttons response={response} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What somebody has to deal with: it could not be taken back, or it is gone without us. */
function Trouble({ response }: { response: ActiveResponse }) {
  if (!isStanding(response)) {
    return null;
  }
  return (
    <>
      {response.status === "overdue" && (
        <p className="banner banner-bad">
          It should have been taken back and still stands. Put right what is wrong and lift it, or let it stand on.
        </p>
      )}
      {response.gone_at && (
        <p className="banner banner-bad">
          It is not there any more, and nobody has lifted it here: seen first <Moment at={response.gone_at} />. Lift it, or
          make the change again.
        </p>
      )}
    </>
  );
}

function ResponseFacts({ response }: { response: ActiveResponse }) {
  return (
    <dl className="facts">
      <Fact name="Through">
        <Inert text={response.connection} />
      </Fact>
      <Fact name="Done">
        <Moment at={response.created_at} /> by run <Link to={runPath(response.run)}>{response.run}</Link>
      </Fact>
      <Fact name="Ends">
        <Until response={response} />
        {response.status === "lifted" && response.lifted_by && (
          <>
            {" "}
            <Inert text={describeLifter(response.lifted_by)} limit={60} />
          </>
        )}
      </Fact>
      <Fact name="Answers for it">
        <Inert text={response.owner ?? "nobody"} />
        {response.pages > 0 && `, told ${countOf(response.pages, "time")}`}
      </Fact>
      <Fact name="Last look">
        <Sighting response={response} />
      </Fact>
      {response.lift_run && (
        <Fact name="Taken back by">
          run <Link to={runPath(response.lift_run)}>{response.lift_run}</Link>
        </Fact>
      )}
      {response.fault && (
        <Fact name="What went wrong">
          <Inert text={response.fault} limit={400} />
        </Fact>
      )}
    </dl>
  );
}

function Sighting({ response }: { response: ActiveResponse }) {
  return (
    <>
      {describeSighting(response)}
      {response.checked_at && (
        <>
          {", "}
          <Moment at={response.checked_at} />
        </>
      )}
      {response.check_run && (
        <>
          {" by run "}
          <Link to={runPath(response.check_run)}>{response.check_run}</Link>
        </>
      )}
    </>
  );
}

function Buttons({ response }: { response: ActiveResponse }) {
  const may = [useMay("response:inspect"), useMay("response:extend"), useMay("response:keep"), useMay("response:lift")];
  if (!isStanding(response)) {
    return null;
  }
  if (!may.includes(true)) {
    return <MayNot what="change it or look for it" />;
  }
  return (
    <div className="buttons">
      <CheckButton response={response} />
      <ExtendButton response={response} />
      <KeepButton response={response} />
      <LiftButton response={response} />
    </div>
  );
}
