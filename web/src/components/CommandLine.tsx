import { CopyButton } from "./CopyButton";

/** The command that shows the same as this page. */
export function CommandLine({ command }: { command: string }) {
  return (
    <footer className="command-line">
      <span>The same in a terminal:</span> <code>{command}</code> <CopyButton text={command} />
    </footer>
  );
}
