import { Empty } from "../components/Empty";
import { Page } from "../components/Page";
import { Link } from "../router/Link";

export function MissingPage() {
  return (
    <Page title="No such page" command="soar run list">
      <Empty>
        There is nothing at this address. <Link to="/">Go to Now</Link>
      </Empty>
    </Page>
  );
}
