"""What a product asks before it sends, to learn that we want it to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

import orjson

from soar.ingest.strict_json import parse_json
from soar.model.errors import InputError

LONGEST_CHALLENGE: Final = 2_000
"""Characters of a challenge that is answered."""

_LONGEST_QUESTION: Final = 16 * 1024  # bytes of a body that asks
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+", re.ASCII)


class Handshake(StrEnum):
    """How a product asks."""

    MICROSOFT_GRAPH = "microsoft-graph"
    """A POST with `?validationToken=…`, unsigned: the text comes back (learn.microsoft.com/graph: webhooks)."""

    OKTA = "okta"
    """A GET with `X-Okta-Verification-Challenge` and the source's token (developer.okta.com: event hooks)."""

    SLACK = "slack"
    """A signed POST of the type `url_verification` (docs.slack.dev: url_verification)."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The answer to a handshake.

    Attributes:
        type: the answer's content type; never one that a browser would show as a page.
    """

    body: bytes
    type: str


def greet_openly(handshake: Handshake | None, query: Mapping[str, str]) -> Greeting | None:
    """Return the answer to what a product asks before it has anything to prove itself with; None if it does not ask."""
    token = query.get("validationToken")
    if handshake is not Handshake.MICROSOFT_GRAPH or token is None or not _is_challenge(token):
        return None
    return Greeting(token.encode(), "text/plain")


def greet_known(handshake: Handshake | None, headers: Mapping[str, str], body: bytes) -> Greeting | None:
    """Return the answer to what a product asks that has proved itself; None if it does not ask."""
    match handshake:
        case Handshake.OKTA:
            challenge = headers.get("x-okta-verification-challenge", "")
            return _answer("verification", challenge) if not body and _is_challenge(challenge) else None
        case Handshake.SLACK:
            found = _find_slack_challenge(body)
            return _answer("challenge", found) if found is not None and _is_challenge(found) else None
        case Handshake.MICROSOFT_GRAPH | None:
            return None
        case _:
            assert_never(handshake)


def _find_slack_challenge(body: bytes) -> str | None:
    if len(body) > _LONGEST_QUESTION or b"url_verification" not in body:
        return None
    try:
        document = parse_json(body)
    except InputError:
        return None  # whoever reads it as an alert says what is wrong with it
    if not isinstance(document, dict) or document.get("type") != "url_verification":
        return None
    challenge = document.get("challenge")
    return challenge if isinstance(challenge, str) else None


def _is_challenge(text: str) -> bool:
    return len(text) <= LONGEST_CHALLENGE and _PRINTABLE.fullmatch(text) is not None


def _answer(name: str, challenge: str) -> Greeting:
    return Greeting(orjson.dumps({name: challenge}), "application/json")
