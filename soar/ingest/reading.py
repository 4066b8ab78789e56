"""A body read: the documents in it, and what they seem to say. Reading a hostile one can cost a tenth of a second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from soar.ingest.bodies.packing import holds_more
from soar.ingest.bodies.read import check_type, read_documents, unpack_body
from soar.ingest.bodies.rule import Parcel, Rule
from soar.ingest.bodies.state import hide_state
from soar.ingest.guess import Guess, guess_alert
from soar.model.values import JsonValue

SMALL_BODY: Final = 16 * 1024
"""Bytes, unpacked; to hand one such alert to somebody else takes longer than to read and map it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A body to be read.

    Attributes:
        rule: what its source sends.
        parcel: as it came.
        has_state: whether it holds the text that proves its sender, which is not kept.
        is_guessed: whether the source wants to know what its documents seem to say.
    """

    rule: Rule
    parcel: Parcel
    has_state: bool = False
    is_guessed: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body holds.

    Attributes:
        documents: a JSON object for each alert.
        guesses: what each seems to say; none if that is not known.
    """

    documents: Sequence[JsonValue]
    guesses: Sequence[Guess] = ()

    def pair(self) -> Iterable[tuple[JsonValue, Guess | None]]:
        """Return each document with what it seems to say, if that is known."""
        return zip(self.documents, self.guesses or (None,) * len(self.documents), strict=True)


class BodyReader(Protocol):
    """Reads bodies that may cost much. Real: in a process of its own. In tests: at once."""

    async def read(self, errand: Errand) -> Reading:
        """Read a body.

        Raises:
            InputError: it is not what its source sends.
            UnavailableError: it could not be read now.
        """
        ...


def is_heavy(parcel: Parcel) -> bool:
    """Whether a body, unpacked, is larger than `SMALL_BODY`, so that reading it may cost much."""
    if len(parcel.body) > SMALL_BODY:
        return True
    return "content-encoding" in parcel.headers and holds_more(parcel.body, SMALL_BODY)


def list_documents(errand: Errand) -> Sequence[JsonValue]:
    """Return the documents in a body, without what its sender proves itself with.

    Raises:
        InputError: the body is not what its source sends.
    """
    parcel = unpack_body(errand.rule, errand.parcel)
    check_type(errand.rule, parcel)
    documents = read_documents(errand.rule, parcel)
    return [hide_state(document) for document in documents] if errand.has_state else documents


def read_body(errand: Errand) -> Reading:
    """Read a body, with all that can be found out about it.

    Raises:
        InputError: the body is not what its source sends.
    """
    documents = list_documents(errand)
    return Reading(documents, tuple(map(guess_alert, documents)) if errand.is_guessed else ())
