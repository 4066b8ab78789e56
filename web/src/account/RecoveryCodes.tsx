import { ShownOnce } from "../components/ShownOnce";

/** Codes that stand in for a lost factor. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <ShownOnce label="Recovery codes" text={codes.join("\n")}>
      <p>
        Keep these recovery codes where you find them without your phone: on paper, or in a password manager. They are{" "}
        <strong>shown this once</strong>, and each counts once.
      </p>
    </ShownOnce>
  );
}
