import { useSignOn } from "../api/queries";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { Page } from "../components/Page";
import { Link } from "../router/Link";
import { useCurrentSession, useMay } from "../shell/SessionContext";
import { Factors } from "./Factors";
import { Logins } from "./Logins";
import { PasswordButton } from "./PasswordButton";
import { Tokens } from "./Tokens";

/** What the reader proves themself with, where they are signed in, and what acts in their name. */
export function AccountPage() {
  const { user } = useCurrentSession();
  const provider = useSignOn().data?.name;
  return (
    <Page title="Your account" command="soar whoami">
      <dl className="facts">
        <Fact name="Name">
          <Inert text={user.name} />
        </Fact>
        <Fact name="E-mail">
          <Inert text={user.email} />
        </Fact>
        <Fact name="Roles">{user.roles.join(", ") || "none: an admin gives them out"}</Fact>
      </dl>
      <p>
        <Link to="/access">Ask what you may do, and why</Link> · <Link to="/roles">See which role allows what</Link>
      </p>
      {provider && (
        <p className="quiet">Whoever signs in with {provider} keeps their password and second factors there.</p>
      )}
      <Factors />
      <PasswordButton />
      <Logins />
      {useMay("token:read") && <Tokens />}
    </Page>
  );
}
