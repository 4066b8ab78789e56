import { useSignStanding, type StandingApproval } from "../api/standing";
import { ConfirmButton } from "../components/ConfirmButton";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { useCurrentSession, useMay } from "../shell/SessionContext";

/** Agrees as the second person to what is open; the server says who may. */
export function SignButton({ standing }: { standing: StandingApproval }) {
  const sign = useSignStanding(standing.id);
  const { user } = useCurrentSession();
  const mayVote = useMay("approval:vote");
  if (!mayVote || standing.signed_by) {
    return null;
  }
  if (standing.proposed_by === user.name) {
    return <span className="quiet">somebody else has to sign</span>;
  }
  return (
    <ConfirmButton
      label="Sign…"
      of={standing.id}
      title="Let it go without asking?"
      action="Sign"
      command={sign}
    >
      <p>
        Yours is the second word. From now until <Moment at={standing.expires_at} /> nobody is asked before{" "}
        <code>{standing.action}</code> in the playbook <Inert text={standing.playbook} />, wherever the target fits{" "}
        <strong>
          <Inert text={standing.targets} limit={200} />
        </strong>
        .
      </p>
      <p>
        Reason that <Inert text={standing.proposed_by} /> gave: <Inert text={standing.reason} />
      </p>
    </ConfirmButton>
  );
}
