"""What a button carries: which question, what for, and of which card. Pure."""

from dataclasses import dataclass
from enum import StrEnum

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


class WishKind(StrEnum):
    """What else somebody may want: to ask something first, or to have it taken back."""

    ASK = "ask"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants besides voting, on a card that we have posted; the attributes are those of `Claim`."""

    approval: str
    kind: WishKind
    nonce: str


def write_claim(approval: str, choice: VoteChoice | WishKind, nonce: str) -> str:
    """Return a claim or a wish as a button carries it, and nothing else."""
    return f"{approval}|{choice.value}|{nonce}"


def read_claim(value: str) -> Claim:
    """Return what a button carries.

    Raises:
        ValueError: it is none of ours.
    """
    approval, choice, nonce = value.split("|")
    return Claim(approval, VoteChoice(choice), nonce)


def read_wish(value: str) -> Wish:
    """Return what a button carries that asks, or takes back.

    Raises:
        ValueError: it is none of ours.
    """
    approval, kind, nonce = value.split("|")
    return Wish(approval, WishKind(kind), nonce)
