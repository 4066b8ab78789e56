import type { User } from "../api/accountTypes";
import { useUser } from "../api/people";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { Link } from "../router/Link";
import { userPath } from "../router/paths";
import { MayNot } from "../shell/MayNot";
import { useCurrentSession, useMay } from "../shell/SessionContext";
import { quoteWord } from "../text/words";
import { ProgramTokens } from "./ProgramTokens";
import { UserButtons } from "./UserButtons";
import { UserState } from "./UserState";

/** One account: what it holds, how it proves itself, and what can be changed. */
export function UserPage({ id }: { id: string }) {
  const query = useUser(id);
  const name = query.data?.name ?? id;
  return (
    <Page title={name} command={`soar user show ${quoteWord(name)}`}>
      <Loaded query={query}>
        {(user) => (
          <>
            <p className="sentence">
              <UserState user={user} />
            </p>
            <UserFacts user={user} />
            <p>
              <Link to={`/access?user=${encodeURIComponent(user.name)}`}>Ask what they may do, and why</Link>
            </p>
            <Changes user={user} />
            {user.kind === "service" && <ProgramTokens program={user} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function UserFacts({ user }: { user: User }) {
  return (
    <dl className="facts">
      <Fact name="E-mail">
        <Inert text={user.email} />
      </Fact>
      <Fact name="Kind">{user.kind === "service" ? "program" : user.kind}</Fact>
      {user.owner && (
        <Fact name="Answers for it">
          <OwnerLink owner={user.owner} />
        </Fact>
      )}
      <Fact name="Everywhere">{user.roles.join(", ") || "no role"}</Fact>
      <Fact name="In a part">
        {user.grants.length === 0 ? "nothing more" : <Grants grants={user.grants} />}
      </Fact>
      <Fact name="Teams">
        <Inert text={user.teams.join(", ") || "none"} />
      </Fact>
      {user.kind === "person" && (
        <>
          <Fact name="Password">{user.may_log_in ? "set" : "not set"}</Fact>
          <Fact name="Factors">{user.factors === 0 ? "none: a password alone signs them in" : user.factors}</Fact>
        </>
      )}
      <Fact name="Since">
        <Moment at={user.created_at} />
      </Fact>
      {user.disabled_at && (
        <Fact name="Off since">
          <Moment at={user.disabled_at} />
        </Fact>
      )}
      {user.expires_at && (
        <Fact name="Ends">
          <Moment at={user.expires_at} />
        </Fact>
      )}
    </dl>
  );
}

/** Who answers for a program, by name as soon as it is known. */
function OwnerLink({ owner }: { owner: string }) {
  const name = useUser(owner).data?.name ?? owner;
  return (
    <Link to={userPath(name)}>
      <Inert text={name} staysCut />
    </Link>
  );
}

function Grants({ grants }: { grants: readonly string[] }) {
  return (
    <ul className="plain">
      {grants.map((grant) => (
        <li key={grant}>
          <code>
            <Inert text={grant} />
          </code>
        </li>
      ))}
    </ul>
  );
}

function Changes({ user }: { user: User }) {
  const mayWrite = useMay("user:write");
  const reader = useCurrentSession().user;
  if (!mayWrite) {
    return <MayNot what="change accounts; an admin can" />;
  }
  if (user.id === reader.id) {
    return (
      <p className="may-not">
        Nobody changes their own rights; another admin can. <Link to="/account">Your account</Link>
      </p>
    );
  }
  return <UserButtons user={user} />;
}
