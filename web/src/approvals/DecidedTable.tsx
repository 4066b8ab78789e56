import type { Approval } from "../api/types";
import { StatusBadge } from "../components/badges";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { Table, type Column } from "../components/Table";
import { Link } from "../router/Link";
import { approvalPath, runPath } from "../router/paths";
import { describeOutcome } from "./describe";

const COLUMNS: readonly Column<Approval>[] = [
  { name: "Code", show: (approval) => <Link to={approvalPath(approval.id)}>{approval.code}</Link> },
  { name: "Question", show: (approval) => <Inert text={approval.card.question} limit={140} /> },
  { name: "Status", show: (approval) => <StatusBadge status={approval.status} /> },
  { name: "How", show: (approval) => <Inert text={describeOutcome(approval)} limit={140} /> },
  { name: "When", show: (approval) => (approval.decided_at ? <Moment at={approval.decided_at} /> : "–") },
  { name: "Run", show: (approval) => <Link to={runPath(approval.run)}>{approval.run}</Link> },
];

export const DecidedTable = ({ approvals }: { approvals: readonly Approval[] }) => (
  <Table label="Decided approvals" columns={COLUMNS} items={approvals} keyOf={(approval) => approval.id} />
);
