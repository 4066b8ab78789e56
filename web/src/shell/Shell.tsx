import { useEffect, useRef, useState } from "react";
import { useLive } from "../api/live";
import { VoteProvider } from "../approvals/VoteContext";
import { ChatPanel } from "../chat/ChatPanel";
import { ProofProvider } from "../proof/ProofProvider";
import { useLocation } from "../router/location";
import { Banners } from "./Banners";
import { KeysDialog } from "./KeysDialog";
import { useKeys } from "./keys";
import { NoticeProvider } from "./Notice";
import { Rail } from "./Rail";
import { showRoute } from "./routes";
import { useCurrentSession, useMay } from "./SessionContext";
import { useIsWide } from "./useIsWide";

/** Everything round a page: rail, banners, notices, and the chat where it belongs. */
export function Shell() {
  const { path } = useLocation();
  const isLive = useLive();
  const { permissions } = useCurrentSession();
  const mayReadChat = useMay("message:read");
  const hasChat = useIsWide() && mayReadChat && path === "/";
  const [isShowingKeys, setIsShowingKeys] = useState(false);
  const main = useFocusOnMove(path);

  useKeys((key) => {
    if (key === "?") {
      setIsShowingKeys(true);
    }
    return key === "?";
  });

  return (
    <div className={hasChat ? "shell shell-chat" : "shell"}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Rail path={path} onKeys={() => setIsShowingKeys(true)} />
      <NoticeProvider>
        <ProofProvider>
          <VoteProvider>
            <main id="main" ref={main} tabIndex={-1}>
              <Banners isLive={isLive} />
              {showRoute(path, permissions)}
            </main>
            {hasChat && <ChatPanel />}
          </VoteProvider>
        </ProofProvider>
      </NoticeProvider>
      {isShowingKeys && <KeysDialog onClose={() => setIsShowingKeys(false)} />}
    </div>
  );
}

/** Moves the focus to the page when the path changes, so that a screen reader starts at its heading. */
function useFocusOnMove(path: string) {
  const main = useRef<HTMLElement>(null);
  const last = useRef(path);
  useEffect(() => {
    if (last.current !== path) {
      last.current = path;
      main.current?.focus({ preventScroll: true });
    }
  }, [path]);
  return main;
}
