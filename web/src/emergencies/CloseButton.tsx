import { useCloseEmergency, type Opening } from "../api/emergencies";
import { ConfirmButton } from "../components/ConfirmButton";
import { Inert } from "../components/Inert";

/** Ends emergency access before its hour is over. */
export function CloseButton({ opening }: { opening: Opening }) {
  const close = useCloseEmergency(opening.id);
  return (
    <ConfirmButton
      label="End it…"
      of={opening.id}
      title="End the emergency access?"
      action="End it"
      command={close}
    >
      <p>
        <Inert text={opening.opened_by} limit={60} /> can do nothing more with it from now on. It can be opened anew, on the
        server's own machine.
      </p>
    </ConfirmButton>
  );
}
