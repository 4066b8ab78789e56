import { useRef } from "react";
import { useApprovals } from "../api/queries";
import type { Approval } from "../api/types";
import { Empty } from "../components/Empty";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Page } from "../components/Page";
import { Link } from "../router/Link";
import { useLocation } from "../router/location";
import { ApprovalCard } from "./ApprovalCard";
import { DecidedTable } from "./DecidedTable";
import { InboxTabs, type Tab } from "./InboxTabs";
import { useCardKeys } from "./useCardKeys";

/** The inbox: what waits for me, what waits for others, what is decided. */
export function ApprovalsPage() {
  const tab = readTab(useLocation().query.get("show"));
  return (
    <Page title="Approvals" command={`soar approval list${tab === "decided" ? " --status decided" : ""}`}>
      {tab === "decided" ? <Decided /> : <Pending tab={tab} />}
    </Page>
  );
}

function Pending({ tab }: { tab: Exclude<Tab, "decided"> }) {
  const list = useApprovals("pending");
  const place = useRef<HTMLUListElement>(null);
  useCardKeys(place);
  const mine = oldestFirst(list.data?.filter((approval) => approval.may_vote));
  const others = oldestFirst(list.data?.filter((approval) => !approval.may_vote));
  const shown = tab === "mine" ? mine : others;
  return (
    <>
      <InboxTabs chosen={tab} mine={mine.length} others={others.length} />
      <Loaded query={list}>
        {() =>
          shown.length === 0 ? (
            <NothingWaits tab={tab} others={others.length} />
          ) : (
            <ul className="cards" ref={place}>
              {shown.map((approval) => (
                <li key={approval.id}>
                  <ApprovalCard approval={approval} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </>
  );
}

function Decided() {
  const list = useApprovals("decided");
  return (
    <>
      <InboxTabs chosen="decided" />
      <Loaded query={list}>
        {(approvals) =>
          approvals.length === 0 ? (
            <Empty>
              What has been decided is listed here. Nothing has been. <Link to="?">See what waits</Link>
            </Empty>
          ) : (
            <DecidedTable approvals={approvals} />
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </>
  );
}

function NothingWaits({ tab, others }: { tab: Tab; others: number }) {
  if (tab === "mine" && others > 0) {
    return (
      <Empty>
        Nobody waits for you.{" "}
        <Link to="?show=others">{others === 1 ? "One approval waits for others" : `${others} wait for others`}</Link>
      </Empty>
    );
  }
  return (
    <Empty>
      Nobody is being waited for. A run that needs a yes asks here, and in its channel.{" "}
      <Link to="/runs">See the runs</Link>
    </Empty>
  );
}

/** A new question comes last, so that nothing moves under the reader's finger. */
function oldestFirst(approvals: readonly Approval[] = []): Approval[] {
  return approvals.toSorted((one, other) => one.asked_at.localeCompare(other.asked_at));
}

function readTab(given: string | null): Tab {
  return given === "others" || given === "decided" ? given : "mine";
}
