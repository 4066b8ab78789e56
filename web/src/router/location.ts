import { useSyncExternalStore } from "react";

const MOVED = "soar:moved";

/** Where the browser is, as path and query; renders again when that changes. */
export function useLocation(): { path: string; query: URLSearchParams } {
  const place = useSyncExternalStore(subscribe, readPlace);
  const url = new URL(place, window.location.origin);
  return { path: url.pathname, query: url.searchParams };
}

/** Goes to a path of this site, with a new entry in the history. */
export function navigate(to: string): void {
  window.history.pushState(null, "", to);
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo(0, 0);
}

function readPlace(): string {
  return window.location.pathname + window.location.search;
}

function subscribe(onMove: () => void): () => void {
  window.addEventListener("popstate", onMove);
  window.addEventListener(MOVED, onMove);
  return () => {
    window.removeEventListener("popstate", onMove);
    window.removeEventListener(MOVED, onMove);
  };
}
