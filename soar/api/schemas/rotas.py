"""Who is on call."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Strict

from soar.api.schemas.base import Incoming, Name


class OnCallQuery(Incoming):
    """Which rota, all where none is named; and at which moment, now where none is given."""

    name: Name | None = None
    at: Annotated[datetime, Strict(strict=False)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallPersonView:
    """Somebody on call; without a name there is no such person here, or they may not act, and nobody is asked."""

    email: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaView:
    """Who is on call by a rota at a moment, and who is from the next change on, which may be the same people."""

    name: str
    timezone: str
    at: datetime
    until: datetime
    people: tuple[OnCallPersonView, ...]
    following: tuple[OnCallPersonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallPage:
    """The rotas of the site, by name."""

    items: tuple[RotaView, ...]
