import { Page } from "../components/Page";
import { Link } from "../router/Link";
import { MayNot } from "./MayNot";

/** Stands where a page would be that the session may not read. */
export function ClosedPage() {
  return (
    <Page title="Not for your role" command="soar whoami">
      <MayNot what="read this page" />
      <p>
        An admin gives out roles. <Link to="/">Go to Now</Link>
      </p>
    </Page>
  );
}
