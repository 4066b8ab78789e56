"""Fingerprints of secret values; the value itself goes in and is not kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from soar.api.schemas.base import Incoming
from soar.vault import Sighting
from soar.vault.service import LONGEST_SECRET, SHORTEST_SECRET


class ValueSent(Incoming):
    """A value that may have been a credential's."""

    value: Annotated[SecretStr, Field(min_length=SHORTEST_SECRET, max_length=LONGEST_SECRET)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingView:
    """A credential that had the value, and the first and last event that tell of it."""

    credential: str
    first: int
    first_at: datetime
    last: int
    last_at: datetime
    is_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintView:
    """What stands for a value in the record, and the credentials that had it."""

    fingerprint: str
    credentials: tuple[SightingView, ...]


def view_sighting(sighting: Sighting) -> SightingView:
    """Show where a value came up."""
    return SightingView(
        credential=sighting.credential,
        first=sighting.first,
        first_at=sighting.first_at,
        last=sighting.last,
        last_at=sighting.last_at,
        is_used=sighting.is_used,
    )
