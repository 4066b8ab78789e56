import type { RefObject } from "react";
import { useKeys } from "../shell/keys";

/** Moves between the cards of a list with j and k, and opens the dialog of the chosen one with a and d. */
export function useCardKeys(place: RefObject<HTMLElement | null>): void {
  useKeys((key) => {
    const cards = Array.from(place.current?.querySelectorAll<HTMLElement>("article") ?? []);
    const chosen = cards.findIndex((card) => card.contains(document.activeElement));
    switch (key) {
      case "j":
        return choose(cards[Math.min(chosen + 1, cards.length - 1)]);
      case "k":
        return choose(cards[Math.max(chosen - 1, 0)]);
      case "a":
        return press(cards[chosen], "approve");
      case "d":
        return press(cards[chosen], "deny");
      default:
        return false;
    }
  });
}

function choose(card: HTMLElement | undefined): boolean {
  card?.focus();
  return card !== undefined;
}

function press(card: HTMLElement | undefined, vote: "approve" | "deny"): boolean {
  const button = card?.querySelector<HTMLElement>(`[data-vote="${vote}"]`);
  button?.click();
  return button !== undefined && button !== null;
}
