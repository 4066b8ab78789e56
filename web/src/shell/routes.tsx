import type { ReactNode } from "react";
import { AccessPage } from "../access/AccessPage";
import { RolesPage } from "../access/RolesPage";
import { AccountPage } from "../account/AccountPage";
import { AlertPage } from "../alerts/AlertPage";
import { AlertsPage } from "../alerts/AlertsPage";
import type { Permission } from "../api/types";
import { ApprovalPage } from "../approvals/ApprovalPage";
import { ApprovalsPage } from "../approvals/ApprovalsPage";
import { AuditPage } from "../audit/AuditPage";
import { EmergenciesPage } from "../emergencies/EmergenciesPage";
import { FreezesPage } from "../freezes/FreezesPage";
import { NowPage } from "../now/NowPage";
import { OnCallPage } from "../oncall/OnCallPage";
import { PeoplePage } from "../people/PeoplePage";
import { UserPage } from "../people/UserPage";
import { ResponsePage } from "../responses/ResponsePage";
import { ResponsesPage } from "../responses/ResponsesPage";
import { matchPath } from "../router/match";
import { RunPage } from "../runs/RunPage";
import { RunsPage } from "../runs/RunsPage";
import { StandingPage } from "../standing/StandingPage";
import { ClosedPage } from "./ClosedPage";
import { MissingPage } from "./MissingPage";

interface Route {
  pattern: string;
  needs?: Permission;
  show: (id: string) => ReactNode;
}

const ROUTES: readonly Route[] = [
  { pattern: "/", show: () => <NowPage /> },
  { pattern: "/alerts", needs: "alert:read", show: () => <AlertsPage /> },
  { pattern: "/alerts/:id", needs: "alert:read", show: (id) => <AlertPage key={id} id={id} /> },
  { pattern: "/runs", needs: "run:read", show: () => <RunsPage /> },
  { pattern: "/runs/:id", needs: "run:read", show: (id) => <RunPage key={id} id={id} /> },
  { pattern: "/approvals", needs: "approval:read", show: () => <ApprovalsPage /> },
  { pattern: "/approvals/:id", needs: "approval:read", show: (id) => <ApprovalPage key={id} id={id} /> },
  // The short address that chat and terminal print.
  { pattern: "/a/:id", needs: "approval:read", show: (id) => <ApprovalPage key={id} id={id} /> },
  { pattern: "/responses", needs: "response:read", show: () => <ResponsesPage /> },
  { pattern: "/responses/:id", needs: "response:read", show: (id) => <ResponsePage key={id} id={id} /> },
  { pattern: "/freezes", needs: "policy:read", show: () => <FreezesPage /> },
  { pattern: "/standing", needs: "policy:read", show: () => <StandingPage /> },
  { pattern: "/oncall", needs: "policy:read", show: () => <OnCallPage /> },
  { pattern: "/emergencies", needs: "emergency:read", show: () => <EmergenciesPage /> },
  { pattern: "/audit", needs: "audit:read", show: () => <AuditPage /> },
  { pattern: "/people", needs: "user:read", show: () => <PeoplePage /> },
  { pattern: "/people/:id", needs: "user:read", show: (id) => <UserPage key={id} id={id} /> },
  { pattern: "/roles", needs: "role:read", show: () => <RolesPage /> },
  { pattern: "/access", show: () => <AccessPage /> },
  { pattern: "/account", show: () => <AccountPage /> },
];

/** The page at a path; one that the session may not read is not even asked for, as each refusal is recorded. */
export function showRoute(path: string, permissions: readonly string[]): ReactNode {
  for (const { pattern, needs, show } of ROUTES) {
    const params = matchPath(pattern, path);
    if (params) {
      return !needs || permissions.includes(needs) ? show(params["id"] ?? "") : <ClosedPage />;
    }
  }
  return <MissingPage />;
}
