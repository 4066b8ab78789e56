import { useAccess } from "../api/account";
import { Empty } from "../components/Empty";
import { Loaded } from "../components/Loaded";
import { Page } from "../components/Page";
import { useLocation } from "../router/location";
import { useMay } from "../shell/SessionContext";
import { quoteWord } from "../text/words";
import { AccessForm, type Asked } from "./AccessForm";
import { AccessVerdict } from "./AccessVerdict";

/** May somebody do something to something, and why. The question stands in the address. */
export function AccessPage() {
  const { query } = useLocation();
  const mayAsk = useMay("user:read");
  const asked: Asked = {
    user: mayAsk ? (query.get("user") ?? "") : "",
    permission: query.get("permission") ?? "",
    thing: query.get("thing") ?? "",
  };
  return (
    <Page title="Who may do what" command={writeCommand(asked)}>
      <AccessForm asked={asked} mayAsk={mayAsk} />
      {asked.permission === "" ? (
        <Empty>
          Name what is to be done, and perhaps to what, such as <code>playbook:phishing-triage</code>. The answer says yes
          or no, and lists every role, limit and rule that decides it. Nothing is done.
        </Empty>
      ) : (
        <Answer asked={asked} />
      )}
    </Page>
  );
}

function Answer({ asked }: { asked: Asked }) {
  const query = useAccess(asked.user, asked.permission, asked.thing);
  return <Loaded query={query}>{(access) => <AccessVerdict access={access} />}</Loaded>;
}

function writeCommand({ user, permission, thing }: Asked): string {
  const what = [permission || "PERMISSION", thing].filter((part) => part !== "").map(quoteWord).join(" ");
  return user ? `soar access explain ${quoteWord(user)} ${what}` : `soar whoami --can ${what}`;
}
