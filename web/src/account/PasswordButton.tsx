import { useState } from "react";
import { useChangePassword } from "../api/account";
import { FormDialog } from "../components/FormDialog";
import { useNotice } from "../shell/Notice";

/** Changes the reader's password; their other sign-ins end. */
export function PasswordButton() {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <section aria-labelledby="password">
      <h2 id="password">Password</h2>
      <button type="button" onClick={() => setIsAsking(true)}>
        Change your password…
      </button>
      {isAsking && <PasswordDialog onClose={() => setIsAsking(false)} />}
    </section>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [present, setPresent] = useState("");
  const [password, setPassword] = useState("");
  const change = useChangePassword();
  const showNotice = useNotice();

  function submit(): void {
    change.mutate(
      { present, password },
      {
        onSuccess: () => {
          showNotice("Your password is changed, and your other sign-ins have ended.");
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title="Change your password"
      action="Change it"
      isComplete={present !== "" && password !== ""}
      command={change}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>Your other sign-ins end.</p>
      <label>
        Present password
        <input
          type="password"
          value={present}
          onChange={(event) => setPresent(event.target.value)}
          autoComplete="current-password"
          required
        />
      </label>
      <label>
        <span>
          New password <span className="quiet">of at least 12 characters</span>
        </span>
        <input
          type="password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="new-password"
          required
        />
      </label>
    </FormDialog>
  );
}
