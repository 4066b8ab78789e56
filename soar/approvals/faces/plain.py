"""The card as plain text, for mail, terminals and whoever shows no more; the other channels say the same."""

from soar.approvals.card import Fact, ShownCard


def render(card: ShownCard) -> str:
    """Return the card's lines; nothing that somebody else wrote begins one."""
    return "\n".join(list_lines(card))


def list_lines(card: ShownCard) -> tuple[str, ...]:
    """Return what a card says, line by line."""
    evidence = [f"- {say_fact(fact)}" for fact in card.evidence]
    more = [say_more(card)] if card.more_evidence else []
    links = [f"{button.label.removesuffix(' ↗')}: {button.url}" for button in card.buttons if button.url]
    lines = (
        f"{card.tally}: {card.question}",
        card.outcome,
        card.runs,
        *map(say_fact, card.facts),
        *evidence,
        *more,
        card.asked,
        card.who,
        card.until,
        *card.events,
        *links,
    )
    return tuple(line for line in lines if line)


def say_fact(fact: Fact) -> str:
    """Return a labelled line."""
    return f"{fact.label}: “{fact.text}”" if fact.is_quoted else f"{fact.label}: {fact.text}"


def say_more(card: ShownCard) -> str:
    """Say that there is more evidence than is shown."""
    return f"{card.more_evidence} more under Details"
