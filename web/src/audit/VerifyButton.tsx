import { useVerifyAudit } from "../api/auditQueries";
import type { AuditVerdict } from "../api/auditTypes";
import { Inert } from "../components/Inert";
import { Problem } from "../components/Problem";
import { MayNot } from "../shell/MayNot";
import { useMay } from "../shell/SessionContext";

/** Recomputes the whole record on the server and says whether it is sound. */
export function VerifyButton() {
  const verify = useVerifyAudit();
  if (!useMay("audit:verify")) {
    return <MayNot what="verify the record; an auditor can" />;
  }
  return (
    <div className="verify">
      <button type="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {verify.isPending ? "Verifying…" : "Verify"}
      </button>{" "}
      <code>soar audit verify</code>
      <div role="status">{verify.data && <Verdict verdict={verify.data} />}</div>
      {verify.error && <Problem error={verify.error} />}
    </div>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  return (
    <div className={verdict.is_sound ? "verdict" : "problem"}>
      <p>
        <strong>{verdict.is_sound ? "Sound." : "NOT SOUND."}</strong> <Inert text={verdict.summary} />
      </p>
      {verdict.faults.length + verdict.remarks.length > 0 && (
        <ul>
          {[...verdict.faults, ...verdict.remarks].map((fault) => (
            <li key={fault}>
              <Inert text={fault} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
