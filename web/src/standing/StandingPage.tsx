import { useStandingApprovals, type StandingApproval } from "../api/standing";
import { Badge } from "../components/Badge";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { LoadMore } from "../components/LoadMore";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { useClock } from "../text/useClock";
import { countOf, nameRevision } from "../text/words";
import { describeStanding, isOpen } from "./describeStanding";
import { RevokeButton } from "./RevokeButton";
import { SignButton } from "./SignButton";

const COLUMNS: readonly Column<StandingApproval>[] = [
  { name: "Covers", isWide: true, show: (standing) => <Cover standing={standing} /> },
  { name: "Why", show: (standing) => <Inert text={standing.reason} limit={200} /> },
  { name: "Agreed", show: (standing) => <Signatures standing={standing} /> },
  { name: "State", show: (standing) => <State standing={standing} /> },
  { name: "Until", show: (standing) => <Moment at={standing.expires_at} /> },
  { name: "Used", show: (standing) => <Uses standing={standing} /> },
];

const CHANGE: Column<StandingApproval> = { name: "Change", show: (standing) => <Changes standing={standing} /> };

/** What two people have approved beforehand, and what waits for the second of them. */
export function StandingPage() {
  const list = useStandingApprovals();
  const mayChange = [useMay("approval:vote"), useMay("freeze:write")].includes(true);
  return (
    <Page title="Standing approvals" command="soar approval standing list">
      <p>
        What one person proposes and another signs goes without asking until it ends: one action, in one revision of one
        playbook, on the targets of a pattern. Caps, protected targets and freezes hold all the same.
      </p>
      {!mayChange && <MayNot what="sign or revoke any of them" />}
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>
              Nothing is approved beforehand, so every gate asks. What may be, the policy says under <code>standing</code>.
              Propose one: <code>soar approval standing add</code>
            </Empty>
          ) : (
            <Table
              label="Standing approvals"
              columns={mayChange ? [...COLUMNS, CHANGE] : COLUMNS}
              items={items}
              keyOf={(standing) => standing.id}
            />
          )
        }
      </Loaded>
      <LoadMore list={list} />
    </Page>
  );
}

function Cover({ standing }: { standing: StandingApproval }) {
  return (
    <>
      <code>{standing.action}</code> on{" "}
      <strong>
        <Inert text={standing.targets} limit={100} />
      </strong>
      <div className="quiet">in {nameRevision(standing)}</div>
    </>
  );
}

function Signatures({ standing }: { standing: StandingApproval }) {
  return (
    <>
      <Word text={standing.proposed_by} />
      {standing.signed_by && (
        <>
          {" and "}
          <Word text={standing.signed_by} />
        </>
      )}{" "}
      <span className="quiet">{standing.signed_by ? 2 : 1} of 2</span>
    </>
  );
}

function State({ standing }: { standing: StandingApproval }) {
  return (
    <>
      <Badge {...describeStanding(standing, useClock())} />
      {standing.revoked_by && (
        <>
          {" "}
          by <Word text={standing.revoked_by} />
        </>
      )}
    </>
  );
}

function Changes({ standing }: { standing: StandingApproval }) {
  if (!isOpen(standing, useClock())) {
    return null;
  }
  return (
    <>
      <SignButton standing={standing} /> <RevokeButton standing={standing} />
    </>
  );
}

function Uses({ standing }: { standing: StandingApproval }) {
  if (!standing.used_at) {
    return <>never</>;
  }
  return (
    <>
      {countOf(standing.uses, "time")}, last <Moment at={standing.used_at} />
    </>
  );
}
