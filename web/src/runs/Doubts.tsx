import { useState } from "react";
import type { RunDetail } from "../api/types";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";
import { listDoubtful, type Doubtful } from "./doubts";
import { SettleDialog } from "./SettleDialog";

/** What nobody knows of a run's calls, and the way to say it. */
export function Doubts({ run }: { run: RunDetail }) {
  const [asking, setAsking] = useState<Doubtful | null>(null);
  const may = useMay("run:settle");
  const doubtful = listDoubtful(run.steps);
  if (doubtful.length === 0) return null;
  return (
    <section aria-labelledby="doubts">
      <h2 id="doubts">Did it happen?</h2>
      {!may && <MayNot what="say what happened" />}
      <ul className="lines">
        {doubtful.map((each) => (
          <li key={each.path}>
            <p>
              <strong>{each.label}</strong>: <Inert text={each.doubt.message} />. Without an answer the step fails{" "}
              <Moment at={each.doubt.until} />.
            </p>
            {may && (
              <button type="button" onClick={() => setAsking(each)}>
                Say what happened…
              </button>
            )}
          </li>
        ))}
      </ul>
      {asking && <SettleDialog run={run.id} doubtful={asking} onClose={() => setAsking(null)} />}
    </section>
  );
}
