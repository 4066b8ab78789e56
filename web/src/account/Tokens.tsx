import { useCurrentSession, useMay } from "../shell/SessionContext";
import { TokenList } from "../tokens/TokenList";

/** What acts in the reader's name without them. */
export function Tokens() {
  const { permissions } = useCurrentSession();
  const mayChange = useMay("token:write");
  return (
    <TokenList owner="me" mayChange={mayChange} offered={permissions}>
      A token lets a script act in your name, within what you choose. You have none.
      {mayChange && " Make one below; for a service, ask an admin for an account of its own."}
    </TokenList>
  );
}
