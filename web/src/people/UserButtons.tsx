import { useState } from "react";
import type { Invited, User } from "../api/accountTypes";
import { useDisable, useEnable, useInvite } from "../api/people";
import { Problem } from "../components/Problem";
import { ReasonDialog } from "../components/ReasonDialog";
import { GrantsDialog } from "./GrantsDialog";
import { InvitedDialog } from "./InvitedDialog";
import { ResetDialog } from "./ResetDialog";
import { RolesDialog } from "./RolesDialog";

type Open = "roles" | "grants" | "disable" | "reset" | null;

/** What can be done to somebody else's account. */
export function UserButtons({ user }: { user: User }) {
  const [open, setOpen] = useState<Open>(null);
  const [invited, setInvited] = useState<Invited | null>(null);
  const invite = useInvite(user.id);
  const enable = useEnable(user.id);
  const disable = useDisable(user.id);
  const close = () => setOpen(null);
  const isPerson = user.kind === "person";
  const error = invite.error ?? enable.error;
  return (
    <>
      <div className="buttons">
        <button type="button" onClick={() => setOpen("roles")}>
          Roles…
        </button>
        <button type="button" onClick={() => setOpen("grants")}>
          Roles for a part…
        </button>
        {isPerson && !user.may_log_in && (
          <button type="button" disabled={invite.isPending} onClick={() => invite.mutate(undefined, { onSuccess: setInvited })}>
            Invite again
          </button>
        )}
        {isPerson && user.may_log_in && (
          <button type="button" onClick={() => setOpen("reset")}>
            Reset…
          </button>
        )}
        {user.disabled_at ? (
          <button type="button" disabled={enable.isPending} onClick={() => enable.mutate()}>
            Switch on
          </button>
        ) : (
          <button type="button" onClick={() => setOpen("disable")}>
            Switch off…
          </button>
        )}
      </div>
      {error && <Problem error={error} />}
      {open === "roles" && <RolesDialog user={user} onClose={close} />}
      {open === "grants" && <GrantsDialog user={user} onClose={close} />}
      {open === "reset" && <ResetDialog user={user} onClose={close} />}
      {open === "disable" && (
        <ReasonDialog title={`Switch ${user.name} off?`} action="Switch off" command={disable} onClose={close}>
          <p>All sign-ins and tokens of this account end with the next request. It can be switched on again.</p>
        </ReasonDialog>
      )}
      {invited && <InvitedDialog invited={invited} onClose={() => setInvited(null)} />}
    </>
  );
}
