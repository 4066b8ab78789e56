import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { useLocation } from "../router/location";

/** Shows one sentence about what has just been done, until it is dismissed or another page or notice comes. */
type ShowNotice = (notice: ReactNode) => void;

const Show = createContext<ShowNotice>(() => undefined);

export const useNotice = (): ShowNotice => useContext(Show);

export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<ReactNode>(null);
  const { path } = useLocation();

  useEffect(() => setNotice(null), [path]);

  return (
    <Show.Provider value={setNotice}>
      <div role="status" className="notice-place">
        {notice && (
          <div className="notice">
            <span>{notice}</span>
            <button type="button" className="small" onClick={() => setNotice(null)}>
              Dismiss
            </button>
          </div>
        )}
      </div>
      {children}
    </Show.Provider>
  );
}
