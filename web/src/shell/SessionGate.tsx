import { useSession } from "../api/queries";
import { Loaded } from "../components/Loaded";
import { SessionProvider } from "./SessionContext";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

/** Shows the sign-in at whatever address was asked for, and that address once somebody is signed in. */
export function SessionGate() {
  const query = useSession();
  return (
    <Loaded query={query}>
      {(session) =>
        session ? (
          <SessionProvider session={session}>
            <Shell />
          </SessionProvider>
        ) : (
          <SignIn />
        )
      }
    </Loaded>
  );
}
