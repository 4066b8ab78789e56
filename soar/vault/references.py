"""Credentials that are kept elsewhere: the vault holds where, and looks when a call needs them.

A reference is a scheme, a colon and a place: `env:NAME`, `file:/path`, `vault:mount/path#field`, `aws-sm:name#field`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from soar.model.clock import Clock
from soar.model.errors import InputError, UnavailableError
from soar.model.secret import Secret

LONGEST_REFERENCE = 1_000
"""Characters."""

KEPT = 60.0
"""Seconds that a value is used before it is looked up again: so long a change elsewhere may take to be seen."""


class Lookup(Protocol):
    """One place that credentials are kept in."""

    @property
    def scheme(self) -> str:
        """What its references begin with."""
        ...

    def check(self, place: str) -> None:
        """Refuse a place that has another shape, or that we are not to read.

        Raises:
            InputError: it does; the message says what is wanted (`invalid_reference`).
        """
        ...

    async def read(self, place: str) -> Secret:
        """Return what is kept at a place that was checked.

        Raises:
            UnavailableError: there is nothing, or it cannot be read now (`reference_unavailable`).
            InputError: a file that is needed to ask is not in order.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    secret: Secret = field(repr=False)
    until: float


class References:
    """Looks credentials up where they are kept.

    Args:
        lookups: the places that this installation may read.
        shortest: characters that a value has at least.
        clock: says when a value is looked up again.
    """

    def __init__(self, lookups: Sequence[Lookup], *, shortest: int, clock: Clock) -> None:
        self._lookups = {lookup.scheme: lookup for lookup in lookups}
        self._shortest = shortest
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def check(self, reference: str) -> None:
        """Refuse what is no reference to a place that we may read.

        Raises:
            InputError: it is none (`invalid_reference`).
        """
        if len(reference) > LONGEST_REFERENCE:
            raise refuse(f"a reference has at most {LONGEST_REFERENCE} characters")
        self._split(reference)

    async def read(self, reference: str) -> Secret:
        """Return what a reference stands for; it may be as old as `KEPT`.

        Raises:
            InputError: the place may not be read any more (`invalid_reference`).
            UnavailableError: there is nothing, it is too short to be masked, or it cannot be read now
                (`reference_unavailable`).
        """
        lookup, place = self._split(reference)
        now = self._clock.monotonic()
        kept = self._kept.get(reference)
        if kept is None or kept.until <= now:
            secret = await lookup.read(place)
            if len(secret.reveal()) < self._shortest:
                raise say_unavailable(reference, f"what is there has fewer than {self._shortest} characters")
            kept = _Kept(secret, now + KEPT)
            self._kept = {known: each for known, each in self._kept.items() if each.until > now} | {reference: kept}
        return kept.secret

    def _split(self, reference: str) -> tuple[Lookup, str]:
        scheme, _, place = reference.partition(":")
        lookup = self._lookups.get(scheme)
        if lookup is None:
            known = ", ".join(f"{known}:" for known in self._lookups) or "none"
            raise refuse(f"a reference begins with a scheme that vault.references allows; allowed: {known}")
        lookup.check(place)
        return lookup, place


def refuse(reason: str) -> InputError:
    """Return the error for what is no reference that may be used."""
    return InputError(reason, code="invalid_reference", hint="see docs/howto/keep-the-keys.md")


def say_unavailable(reference: str, reason: str) -> UnavailableError:
    """Return the error for a reference behind which there is nothing to use."""
    return UnavailableError(
        f"{reference} cannot be read: {reason}",
        code="reference_unavailable",
        hint="look at what keeps it, and at our right to read it",
        retry_after=5.0,
    )
