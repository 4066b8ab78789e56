import { useCallback, useRef, useState, type ReactNode } from "react";
import { ProofContext } from "../api/proof";
import { ProofDialog } from "./ProofDialog";

/** Asks the reader to prove who they are when the server wants that before it goes on. */
export function ProofProvider({ children }: { children: ReactNode }) {
  const waiting = useRef<((isProved: boolean) => void)[]>([]);
  const [isAsking, setIsAsking] = useState(false);

  const prove = useCallback(
    () =>
      new Promise<boolean>((resolve) => {
        waiting.current.push(resolve);
        setIsAsking(true);
      }),
    [],
  );

  function end(isProved: boolean): void {
    setIsAsking(false);
    for (const resolve of waiting.current.splice(0)) {
      resolve(isProved);
    }
  }

  return (
    <ProofContext.Provider value={prove}>
      {children}
      {isAsking && <ProofDialog onEnd={end} />}
    </ProofContext.Provider>
  );
}
