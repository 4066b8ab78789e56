import type { Now } from "../api/types";
import { CopyButton } from "../components/CopyButton";

/** The one next step of an installation that has seen no alert yet. */
export function FirstAlert({ first }: { first: NonNullable<Now["first_alert"]> }) {
  return (
    <section className="first-alert" aria-labelledby="first-alert">
      <h2 id="first-alert">Nothing yet. Send your first alert</h2>
      <pre className="shell-line" tabIndex={0} role="region" aria-label="Command that sends an alert">
        {first.curl}
      </pre>
      <CopyButton text={first.curl} />
      <p>
        or <code>{first.cli}</code>
      </p>
    </section>
  );
}
