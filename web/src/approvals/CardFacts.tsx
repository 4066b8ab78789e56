import type { Card } from "../api/types";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";
import { describeTargets } from "./describe";

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
        <Inert text={describeTargets(card)} limit={160} />
      </Fact>
      <Fact name="Undo">
        <Inert text={card.undo || "none"} />
      </Fact>
    </dl>
  );
}
