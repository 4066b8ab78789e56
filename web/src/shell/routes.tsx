import type { ReactNode } from "react";
import { AlertPage } from "../alerts/AlertPage";
import { AlertsPage } from "../alerts/AlertsPage";
import { ApprovalPage } from "../approvals/ApprovalPage";
import { ApprovalsPage } from "../approvals/ApprovalsPage";
import { AuditPage } from "../audit/AuditPage";
import { NowPage } from "../now/NowPage";
import { ResponsesPage } from "../responses/ResponsesPage";
import { matchPath } from "../router/match";
import { RunPage } from "../runs/RunPage";
import { RunsPage } from "../runs/RunsPage";
import { MissingPage } from "./MissingPage";

interface Route {
  pattern: string;
  show: (id: string) => ReactNode;
}

const ROUTES: readonly Route[] = [
  { pattern: "/", show: () => <NowPage /> },
  { pattern: "/alerts", show: () => <AlertsPage /> },
  { pattern: "/alerts/:id", show: (id) => <AlertPage key={id} id={id} /> },
  { pattern: "/runs", show: () => <RunsPage /> },
  { pattern: "/runs/:id", show: (id) => <RunPage key={id} id={id} /> },
  { pattern: "/approvals", show: () => <ApprovalsPage /> },
  { pattern: "/approvals/:id", show: (id) => <ApprovalPage key={id} id={id} /> },
  // The short address that chat and terminal print.
  { pattern: "/a/:id", show: (id) => <ApprovalPage key={id} id={id} /> },
  { pattern: "/responses", show: () => <ResponsesPage /> },
  { pattern: "/audit", show: () => <AuditPage /> },
];

/** The page at a path. */
export function showRoute(path: string): ReactNode {
  for (const { pattern, show } of ROUTES) {
    const params = matchPath(pattern, path);
    if (params) {
      return show(params["id"] ?? "");
    }
  }
  return <MissingPage />;
}
