import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "./location";

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  to: string;
}

/** A link within this site; a press with a modifier key or another button is left to the browser. */
export function Link({ to, children, ...rest }: LinkProps) {
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (isPlain) {
      event.preventDefault();
      navigate(to);
    }
  }
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
