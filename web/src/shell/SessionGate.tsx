import { useSession } from "../api/queries";
import { Loaded } from "../components/Loaded";
import { useLocation } from "../router/location";
import { JoinPage } from "./JoinPage";
import { SessionProvider } from "./SessionContext";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

/** Shows the sign-in at whatever address was asked for, and that address once somebody is signed in. */
export function SessionGate() {
  const query = useSession();
  const { path } = useLocation();
  return (
    <Loaded query={query}>
      {(session) =>
        session ? (
          <SessionProvider session={session}>
            <Shell />
          </SessionProvider>
        ) : (
          <Stranger path={path} />
        )
      }
    </Loaded>
  );
}

function Stranger({ path }: { path: string }) {
  return path === "/join" ? <JoinPage /> : <SignIn />;
}
