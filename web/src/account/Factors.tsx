import { useState } from "react";
import { useFactors, useRemoveFactor, useRenewRecovery } from "../api/account";
import type { Factor } from "../api/accountTypes";
import { ConfirmButton } from "../components/ConfirmButton";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Table, type Column } from "../components/Table";
import { hasKeys } from "../proof/passkey";
import { countOf } from "../text/words";
import { KeyDialog } from "./KeyDialog";
import { RecoveryDialog } from "./RecoveryDialog";
import { TotpDialog } from "./TotpDialog";

const KINDS: Record<Factor["kind"], string> = { totp: "authenticator program", webauthn: "security key" };

const COLUMNS: readonly Column<Factor>[] = [
  { name: "Name", show: (factor) => <Inert text={factor.name} limit={60} /> },
  { name: "Kind", show: (factor) => KINDS[factor.kind] },
  { name: "Added", show: (factor) => <Moment at={factor.created_at} /> },
  { name: "Last used", show: (factor) => (factor.used_at ? <Moment at={factor.used_at} /> : "never") },
  { name: "Remove", show: (factor) => <RemoveButton factor={factor} /> },
];

type Adding = "totp" | "webauthn" | null;

/** The reader's second factors, and the ways to add one. */
export function Factors() {
  const [adding, setAdding] = useState<Adding>(null);
  const factors = useFactors();
  const close = () => setAdding(null);
  return (
    <section aria-labelledby="factors">
      <h2 id="factors">Second factors</h2>
      <Loaded query={factors}>
        {({ items, recovery_codes }) =>
          items.length === 0 ? (
            <Empty>
              You sign in with a password alone: whoever learns it is you. Add an authenticator program or a security
              key; some approvals take only votes of people who have one.
            </Empty>
          ) : (
            <>
              <Table label="Second factors" columns={COLUMNS} items={items} keyOf={(factor) => factor.id} />
              <Recovery left={recovery_codes} />
            </>
          )
        }
      </Loaded>
      <div className="buttons">
        <button type="button" onClick={() => setAdding("totp")}>
          Add an authenticator program…
        </button>
        {hasKeys() && (
          <button type="button" onClick={() => setAdding("webauthn")}>
            Add a security key…
          </button>
        )}
      </div>
      {adding === "totp" && <TotpDialog onClose={close} />}
      {adding === "webauthn" && <KeyDialog onClose={close} />}
    </section>
  );
}

function RemoveButton({ factor }: { factor: Factor }) {
  const remove = useRemoveFactor(factor.id);
  return (
    <ConfirmButton
      label="Remove…"
      of={factor.name}
      title={
        <>
          Remove <Inert text={factor.name} limit={60} />?
        </>
      }
      action="Remove"
      command={remove}
    >
      <p>It no longer counts. Without any second factor a password alone signs you in.</p>
    </ConfirmButton>
  );
}

function Recovery({ left }: { left: number }) {
  const [codes, setCodes] = useState<string[] | null>(null);
  const renew = useRenewRecovery();
  return (
    <div className="beside">
      <span>{countOf(left, "recovery code")} left. Each stands in for a lost factor once.</span>
      <ConfirmButton
        label="Make new ones…"
        of="recovery codes"
        title="Make new recovery codes?"
        action="Make new codes"
        command={{
          ...renew,
          mutate: (given, { onSuccess }) =>
            renew.mutate(given, {
              onSuccess: (made) => {
                onSuccess();
                setCodes(made.recovery_codes);
              },
            }),
        }}
      >
        <p>You get ten. Those from before no longer count.</p>
      </ConfirmButton>
      {codes && <RecoveryDialog codes={codes} onClose={() => setCodes(null)} />}
    </div>
  );
}
