import { useEndAllLogins, useEndLogin, useLogins } from "../api/account";
import type { Login } from "../api/accountTypes";
import { ConfirmButton } from "../components/ConfirmButton";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Table, type Column } from "../components/Table";
import { Word } from "../components/Word";

const COLUMNS: readonly Column<Login>[] = [
  {
    name: "Browser",
    isWide: true,
    show: (login) => (
      <>
        {login.is_current && <strong>this one: </strong>}
        <Inert text={login.agent || "unknown"} limit={80} />
      </>
    ),
  },
  { name: "From", show: (login) => <Word text={login.ip ?? "unknown"} /> },
  { name: "Since", show: (login) => <Moment at={login.created_at} /> },
  { name: "Factor", show: (login) => (login.mfa_at ? "shown" : "none") },
  { name: "Ends unused", show: (login) => <Moment at={login.idle_at} /> },
  { name: "End", show: (login) => (login.is_current ? null : <EndButton login={login} />) },
];

/** Where the reader is signed in, and the way to end it from here. */
export function Logins() {
  const endAll = useEndAllLogins();
  return (
    <section aria-labelledby="logins">
      <h2 id="logins">Where you are signed in</h2>
      <Loaded query={useLogins()}>
        {({ items }) => (
          <Table label="Where you are signed in" columns={COLUMNS} items={items} keyOf={(login) => login.id} />
        )}
      </Loaded>
      <div className="buttons">
        <ConfirmButton
          label="Sign out everywhere…"
          of=""
          title="Sign out everywhere?"
          action="Sign out everywhere"
          command={endAll}
        >
          <p>
            All your sign-ins end, this one too, and <strong>all your tokens</strong> are revoked: programs that use them
            stop.
          </p>
        </ConfirmButton>
      </div>
    </section>
  );
}

function EndButton({ login }: { login: Login }) {
  return (
    <ConfirmButton
      label="End…"
      of={login.id}
      title="End this sign-in?"
      action="End it"
      command={useEndLogin(login.id)}
    >
      <p>
        Whoever uses it from <Inert text={login.ip ?? "an unknown address"} /> is signed out with their next request.
      </p>
    </ConfirmButton>
  );
}
