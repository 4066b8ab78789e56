import { useEffect, useRef, useSyncExternalStore } from "react";

const STORED = "soar.keys";
const CHANGED = "soar:keys";

/** Whether single keys do something (WCAG 2.1.4: they can be turned off); kept in this browser. */
export function useHasKeys(): boolean {
  return useSyncExternalStore(subscribe, hasKeys);
}

export function setHasKeys(isOn: boolean): void {
  localStorage.setItem(STORED, isOn ? "on" : "off");
  window.dispatchEvent(new Event(CHANGED));
}

/** Calls `onKey` with a plain key pressed outside fields and dialogs; it returns whether it used the key. */
export function useKeys(onKey: (key: string) => boolean): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    function listen(event: KeyboardEvent): void {
      if (hasKeys() && isPlain(event) && latest.current(event.key)) {
        event.preventDefault();
      }
    }
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

function isPlain(event: KeyboardEvent): boolean {
  const isModified = event.ctrlKey || event.metaKey || event.altKey;
  const isTyped = event.target instanceof Element && event.target.closest("input, textarea, select, dialog") !== null;
  return !isModified && !isTyped && !event.repeat;
}

function hasKeys(): boolean {
  return localStorage.getItem(STORED) !== "off";
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener(CHANGED, onChange);
  window.addEventListener("storage", onChange);
  return () => {
    window.removeEventListener(CHANGED, onChange);
    window.removeEventListener("storage", onChange);
  };
}
