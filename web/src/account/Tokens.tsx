import { useState } from "react";
import { useRevokeToken, useTokens } from "../api/account";
import type { Token } from "../api/accountTypes";
import { Badge } from "../components/Badge";
import { ConfirmButton } from "../components/ConfirmButton";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Table, type Column } from "../components/Table";
import { useMay } from "../shell/SessionContext";
import { useClock } from "../text/useClock";
import { TokenDialog } from "./TokenDialog";

const COLUMNS: readonly Column<Token>[] = [
  {
    name: "Name",
    show: (token) => (
      <>
        <Inert text={token.name} limit={60} />
        <div className="quiet">{token.id}</div>
      </>
    ),
  },
  { name: "May", isWide: true, show: (token) => <Inert text={token.scopes.join(", ")} limit={120} /> },
  { name: "Only", show: (token) => <Limits token={token} /> },
  { name: "Last used", show: (token) => <LastUse token={token} /> },
  { name: "Until", show: (token) => <Moment at={token.expires_at} /> },
  { name: "Revoke", show: (token) => <RevokeButton token={token} /> },
];

/** What acts in the reader's name without them. */
export function Tokens() {
  const [isMaking, setIsMaking] = useState(false);
  const mayMake = useMay("token:write");
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">Tokens</h2>
      <Loaded query={useTokens()}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              A token lets a script act in your name, within what you choose. You have none.
              {mayMake && " Make one below; for a service, ask an admin for an account of its own."}
            </Empty>
          ) : (
            <Table label="Tokens" columns={COLUMNS} items={items} keyOf={(token) => token.id} />
          )
        }
      </Loaded>
      {mayMake && (
        <div className="buttons">
          <button type="button" onClick={() => setIsMaking(true)}>
            Make a token…
          </button>
        </div>
      )}
      {isMaking && <TokenDialog onClose={() => setIsMaking(false)} />}
    </section>
  );
}

function Limits({ token }: { token: Token }) {
  const limits = [...token.networks.map((network) => `from ${network}`), ...(token.within ? [token.within] : [])];
  return limits.length === 0 ? <span className="quiet">from anywhere</span> : <Inert text={limits.join(", ")} />;
}

function LastUse({ token }: { token: Token }) {
  if (!token.used_at) {
    return <>never</>;
  }
  return (
    <>
      <Moment at={token.used_at} /> {token.used_ip && <Inert text={token.used_ip} />}
    </>
  );
}

function RevokeButton({ token }: { token: Token }) {
  const revoke = useRevokeToken(token.id);
  const isOver = useClock() >= Date.parse(token.expires_at);
  if (token.revoked_at) {
    return <Badge word="revoked" />;
  }
  if (isOver) {
    return <Badge word="expired" />;
  }
  return (
    <ConfirmButton
      label="Revoke…"
      of={token.name}
      title={
        <>
          Revoke <Inert text={token.name} limit={60} />?
        </>
      }
      action="Revoke it"
      command={revoke}
    >
      <p>Whatever uses it is refused from its next request on. It cannot be taken back; a new one can be made.</p>
    </ConfirmButton>
  );
}
