import type { Invited } from "../api/accountTypes";
import { Dialog } from "../components/Dialog";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { ShownOnce } from "../components/ShownOnce";
import { useCurrentSession } from "../shell/SessionContext";

/** The code with which somebody sets their own password. */
export function InvitedDialog({ invited, onClose }: { invited: Invited; onClose: () => void }) {
  const { installation } = useCurrentSession();
  return (
    <Dialog
      title={
        <>
          <Inert text={invited.user.name} staysCut /> is invited
        </>
      }
      onClose={onClose}
    >
      {invited.code && (
        <ShownOnce label="Code of the invitation" text={invited.code}>
          <p>
            Give them this code over a way that you trust. It is <strong>shown this once</strong>, counts once
            {invited.expires_at && (
              <>
                {" "}
                and ends <Moment at={invited.expires_at} />
              </>
            )}
            . With it they set their own password at:
          </p>
          <p>
            <code>{installation.url}/join</code>
          </p>
        </ShownOnce>
      )}
      <div className="buttons">
        <button type="button" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
