import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import type { Approval, VoteChoice } from "../api/types";
import { VoteDialog } from "./VoteDialog";

type AskVote = (approval: Approval, choice: VoteChoice) => void;

const Ask = createContext<AskVote>(() => undefined);

/** Opens the dialog in which a vote is cast. */
export const useAskVote = (): AskVote => useContext(Ask);

/**
 * Holds the one vote dialog above all pages: when somebody else decides, the card leaves its list, but the dialog
 * stays and says so.
 */
export function VoteProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ approval: Approval; choice: VoteChoice } | null>(null);
  const ask = useCallback<AskVote>((approval, choice) => setAsked({ approval, choice }), []);
  return (
    <Ask.Provider value={ask}>
      {children}
      {asked && <VoteDialog approval={asked.approval} choice={asked.choice} onClose={() => setAsked(null)} />}
    </Ask.Provider>
  );
}
