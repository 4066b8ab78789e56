import { useEffect, type ReactNode } from "react";
import { revealHidden } from "../text/inert";
import { CommandLine } from "./CommandLine";

interface PageProps {
  title: string;
  /** The command that shows the same. */
  command: string;
  children: ReactNode;
}

/** A page: its name in the window and as heading, its content, and the command that shows the same. */
export function Page({ title, command, children }: PageProps) {
  const safeTitle = revealHidden(title);
  useEffect(() => {
    document.title = `${safeTitle} · soar`;
  }, [safeTitle]);
  return (
    <>
      <h1>{safeTitle}</h1>
      {children}
      <CommandLine command={command} />
    </>
  );
}
