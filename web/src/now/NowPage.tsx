import { useNow } from "../api/queries";
import type { Now } from "../api/types";
import { ApprovalCard } from "../approvals/ApprovalCard";
import { Loaded } from "../components/Loaded";
import { Page } from "../components/Page";
import { ResponseLine } from "../responses/ResponseLine";
import { Link } from "../router/Link";
import { RunLine } from "../runs/RunLine";
import { countOf } from "../text/words";
import { FirstAlert } from "./FirstAlert";
import { NowCard } from "./NowCard";

/** What needs somebody now, and what is going on. */
export function NowPage() {
  const query = useNow();
  return (
    <Page title="Now" command="soar run list --status waiting">
      <Loaded query={query}>{(now) => <NowBody now={now} />}</Loaded>
    </Page>
  );
}

function NowBody({ now }: { now: Now }) {
  return (
    <>
      {now.first_alert && <FirstAlert first={now.first_alert} />}
      <NowCard title="Waiting for you" isEmpty={now.waiting_for_me.length === 0} empty="Nobody waits for you.">
        <ul className="cards">
          {now.waiting_for_me.map((approval) => (
            <li key={approval.id}>
              <ApprovalCard approval={approval} isCompact />
            </li>
          ))}
        </ul>
      </NowCard>
      {now.waiting_for_others > 0 && (
        <p className="more">
          <Link to="/approvals?show=others">
            {countOf(now.waiting_for_others, "approval")} {now.waiting_for_others === 1 ? "waits" : "wait"} for others
          </Link>
        </p>
      )}
      <div className="now-cards">
        <NowCard title="Running" isEmpty={now.running.length === 0} empty="No run is under way.">
          <ul className="lines">
            {now.running.map((run) => (
              <RunLine key={run.id} run={run} />
            ))}
          </ul>
        </NowCard>
        <NowCard title="Broke in 24 h" isEmpty={now.broke.length === 0} empty="No run failed.">
          <ul className="lines">
            {now.broke.map((run) => (
              <RunLine key={run.id} run={run} />
            ))}
          </ul>
        </NowCard>
        <NowCard
          title="Active responses that end today"
          isEmpty={now.responses_ending.length === 0}
          empty="Nothing we hold ends today."
        >
          <ul className="lines">
            {now.responses_ending.map((response) => (
              <ResponseLine key={response.id} response={response} />
            ))}
          </ul>
        </NowCard>
      </div>
    </>
  );
}
