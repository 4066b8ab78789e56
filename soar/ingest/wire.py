"""What is said between the service and its reader: JSON behind its length, and a body as it is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from soar.ingest.bodies.cloudevents import ATTRIBUTE
from soar.ingest.bodies.rule import Format, LargeNumbers, Parcel, Rule
from soar.ingest.guess import Guess
from soar.ingest.reading import Errand, Reading, read_body
from soar.model.alert import Severity
from soar.model.errors import FieldFault, InputError

LENGTH: Final = 4
"""Bytes of a length, the most significant first."""

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer; control characters, which JSON writes six times as long, may stand in two places of it."""

_SEEN_HEADERS: Final = ("content-type", "content-encoding")


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to the reader: two parts, each behind its length."""

    head: bytes
    body: bytes

    @property
    def prefix(self) -> bytes:
        """What stands before the body."""
        return b"".join((_measure(self.head), self.head, _measure(self.body)))


def write_errand(errand: Errand) -> Message:
    """Write what is to be read, with those headers alone that a parser looks at."""
    headers = {
        name: value
        for name, value in errand.parcel.headers.items()
        if name in _SEEN_HEADERS or name.startswith(ATTRIBUTE)
    }
    document = {
        "rule": asdict(errand.rule),
        "headers": headers,
        "has_state": errand.has_state,
        "is_guessed": errand.is_guessed,
    }
    return Message(json.dumps(document).encode(), errand.parcel.body)


def answer_message(message: Message) -> bytes:
    """Read a body as the message says, and return the answer with its length."""
    try:
        answer = _write_reading(read_body(_parse_errand(message)))
    except InputError as error:
        answer = _write_error(error)
    return _measure(answer) + answer


def parse_answer(answer: bytes) -> Reading:
    """Return what the reader has read.

    Raises:
        InputError: the reader has refused the body.
    """
    document = _parse(answer)
    if "refused" in document:
        raise _parse_error(document["refused"])
    return Reading(document["documents"], tuple(map(_parse_guess, document["guesses"])))


def _measure(content: bytes) -> bytes:
    return len(content).to_bytes(LENGTH, "big")


def _parse_errand(message: Message) -> Errand:
    document = json.loads(message.head)
    rule = document.pop("rule")
    rule |= {"format": Format(rule["format"]), "large_numbers": LargeNumbers(rule["large_numbers"])}
    return Errand(rule=Rule(**rule), parcel=Parcel(document.pop("headers"), message.body), **document)


def _write_reading(reading: Reading) -> bytes:
    return _write({"documents": reading.documents, "guesses": [asdict(guess) for guess in reading.guesses]})


def _write_error(error: InputError) -> bytes:
    faults = [asdict(fault) for fault in error.faults]
    return _write({"refused": {"message": error.message, "code": error.code, "hint": error.hint, "faults": faults}})


def _parse_error(refused: Mapping[str, Any]) -> InputError:
    return InputError(
        refused["message"],
        code=refused["code"],
        hint=refused["hint"],
        faults=[FieldFault(**fault) for fault in refused["faults"]],
    )


def _parse_guess(guess: Mapping[str, Any]) -> Guess:
    severity, time = guess["severity"], guess["time"]
    return Guess(
        title=guess["title"],
        severity=None if severity is None else Severity(severity),
        time=None if time is None else datetime.fromisoformat(time),
        url=guess["url"],
        fingerprint=guess["fingerprint"],
        entities={kind: tuple(texts) for kind, texts in guess["entities"].items()},
    )


def _write(document: Mapping[str, Any]) -> bytes:
    """Write JSON; half surrogate pairs, which headers may hold, take a slower way and are not lost."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, default=datetime.isoformat).encode()


def _parse(answer: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = orjson.loads(answer)
    except orjson.JSONDecodeError:
        document = json.loads(answer)
    return document
