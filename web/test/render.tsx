import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createQueryClient } from "../src/api/queryClient";
import type { Session } from "../src/api/types";
import { VoteProvider } from "../src/approvals/VoteContext";
import { ProofProvider } from "../src/proof/ProofProvider";
import { NoticeProvider } from "../src/shell/Notice";
import { SessionProvider } from "../src/shell/SessionContext";
import { SESSION } from "./samples";

/** Renders a part of the page as it stands for somebody who is signed in. */
export function renderSignedIn(part: ReactNode, session: Session = SESSION) {
  return render(
    <QueryClientProvider client={createQueryClient()}>
      <SessionProvider session={session}>
        <NoticeProvider>
          <ProofProvider>
            <VoteProvider>{part}</VoteProvider>
          </ProofProvider>
        </NoticeProvider>
      </SessionProvider>
    </QueryClientProvider>,
  );
}
