import { useState, type ReactNode } from "react";
import type { Token } from "../api/accountTypes";
import { useRevokeToken, useTokens, type TokenOwner } from "../api/tokens";
import { Badge } from "../components/Badge";
import { ConfirmButton } from "../components/ConfirmButton";
import { Empty } from "../components/Empty";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";
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
];

interface TokenListProps {
  owner: TokenOwner;
  /** Whether the reader may make and revoke them. */
  mayChange: boolean;
  /** The most that a new one may be made to do; where it is empty none can be made. */
  offered: readonly string[];
  /** What is said where there is none. */
  children: ReactNode;
}

/** Tokens of the reader, or of a program: what they may do, whether they are used, until when. */
export function TokenList({ owner, mayChange, offered, children }: TokenListProps) {
  const [isMaking, setIsMaking] = useState(false);
  const state: Column<Token> = {
    name: mayChange ? "Revoke" : "State",
    show: (token) => <TokenState owner={owner} token={token} mayChange={mayChange} />,
  };
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">Tokens</h2>
      <Loaded query={useTokens(owner)}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{children}</Empty>
          ) : (
            <Table label="Tokens" columns={[...COLUMNS, state]} items={items} keyOf={(token) => token.id} />
          )
        }
      </Loaded>
      {mayChange && offered.length > 0 && (
        <div className="buttons">
          <button type="button" onClick={() => setIsMaking(true)}>
            Make a token…
          </button>
        </div>
      )}
      {isMaking && <TokenDialog owner={owner} offered={offered} onClose={() => setIsMaking(false)} />}
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
      <Moment at={token.used_at} /> {token.used_ip && <Word text={token.used_ip} />}
    </>
  );
}

interface TokenStateProps {
  owner: TokenOwner;
  token: Token;
  mayChange: boolean;
}

function TokenState({ owner, token, mayChange }: TokenStateProps) {
  const revoke = useRevokeToken(owner, token.id);
  const isOver = useClock() >= Date.parse(token.expires_at);
  if (token.revoked_at) {
    return <Badge word="revoked" />;
  }
  if (isOver) {
    return <Badge word="expired" />;
  }
  if (!mayChange) {
    return <Badge word="active" tone="good" />;
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
