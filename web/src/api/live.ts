import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isNotSession } from "./queries";
import type { Change, ChangeKind } from "./types";

/** Milliseconds between two questions while the stream is down. */
const POLL_EVERY = 5_000;

/** Milliseconds in which changes are gathered before the page asks once for all of them. */
const GATHER_FOR = 250;

/** Which lists show something of each kind, by the first part of their query key. */
const SHOWN_IN: Record<ChangeKind, readonly string[]> = {
  alert: ["now", "alerts", "audit"],
  run: ["now", "alerts", "runs", "responses", "audit"],
  approval: ["now", "approvals", "runs", "messages", "audit"],
  response: ["now", "responses", "runs", "audit"],
  message: ["messages"],
  freeze: ["now", "freezes", "audit"],
  standing_approval: ["standing", "audit"],
  emergency: ["now", "emergencies", "audit"],
};

/**
 * Keeps what is shown true: by the server's event stream, or by asking every five seconds while that is down.
 *
 * @returns whether the stream is open.
 */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [isLive, setIsLive] = useState(true);

  useEffect(() => {
    const changed = new Set<string>();
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let stream = open();

    function open(): EventSource {
      const source = new EventSource("/api/v1/stream");
      source.addEventListener("open", () => {
        setIsLive(true);
        refreshAll(queries);
      });
      source.addEventListener("error", () => setIsLive(false));
      source.addEventListener("change", (event: MessageEvent<string>) => {
        const { kind } = JSON.parse(event.data) as Change;
        for (const name of SHOWN_IN[kind] ?? []) {
          changed.add(name);
        }
        gathering ??= setTimeout(flush, GATHER_FOR);
      });
      return source;
    }

    function flush(): void {
      gathering = undefined;
      for (const name of changed) {
        void queries.invalidateQueries({ queryKey: [name] });
      }
      changed.clear();
    }

    const polling = setInterval(() => {
      if (stream.readyState === EventSource.OPEN) {
        return;
      }
      refreshAll(queries);
      // The browser retries a broken connection by itself, but gives up for good when it was refused.
      if (stream.readyState === EventSource.CLOSED) {
        stream = open();
      }
    }, POLL_EVERY);

    return () => {
      stream.close();
      clearInterval(polling);
      clearTimeout(gathering);
    };
  }, [queries]);

  return isLive;
}

/** Asks again for everything on the screen. */
function refreshAll(queries: QueryClient): void {
  void queries.invalidateQueries({ predicate: isNotSession });
}
