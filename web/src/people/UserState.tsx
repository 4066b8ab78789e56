import type { User } from "../api/accountTypes";
import { Badge } from "../components/Badge";
import { useClock } from "../text/useClock";
import { describeState } from "./state";

export function UserState({ user }: { user: User }) {
  return <Badge {...describeState(user, useClock())} />;
}
