import type { Card } from "../api/types";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { Targets } from "../components/Targets";
import { countOf } from "../text/words";

/** Why, impact, targets and the way back, in the card's fixed order. */
export function CardFacts({ card }: { card: Card }) {
  return (
    <dl className="facts">
      {card.reason && (
        <Fact name="Why">
          <Inert text={card.reason} />
        </Fact>
      )}
      {card.impact && (
        <Fact name="Impact">
          <Inert text={card.impact} />
        </Fact>
      )}
      <Fact name="Targets">
        {card.target_count === 0 ? "none" : `${countOf(card.target_count, "target")}: `}
        <Targets targets={card.targets} />
      </Fact>
      <Fact name="Undo">
        <Inert text={card.undo || "none"} />
      </Fact>
    </dl>
  );
}
