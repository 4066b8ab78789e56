"""What a button carries: which question, which vote, and of which card. Pure."""

from dataclasses import dataclass

from soar.model.approval import VoteChoice


@dataclass(frozen=True, slots=True)
class Claim:
    """A vote that somebody wishes to give, on a card that we have posted.

    Attributes:
        approval: id of the question.
        nonce: of the card; no other message's button counts.
    """

    approval: str
    choice: VoteChoice
    nonce: str


def write_claim(approval: str, choice: VoteChoice, nonce: str) -> str:
    """Return a claim as a button carries it, and nothing else."""
    return f"{approval}|{choice.value}|{nonce}"


def read_claim(value: str) -> Claim:
    """Return what a button carries.

    Raises:
        ValueError: it is none of ours.
    """
    approval, choice, nonce = value.split("|")
    return Claim(approval, VoteChoice(choice), nonce)
