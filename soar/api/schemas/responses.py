"""Active responses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, PageQuery, Text
from soar.model.response import ResponseStatus, Sighting


class ResponseQuery(PageQuery):
    """Which active responses."""

    status: ResponseStatus | None = None


class LiftWanted(Incoming):
    """Why a change is to be taken back."""

    reason: Text | None = None


class ExtensionWanted(Incoming):
    """How much longer a change is to stand, such as `4h`, and why."""

    by: Annotated[str, Field(min_length=1, max_length=20)]
    reason: Text | None = None


class KeepingWanted(Incoming):
    """Why a change is to stand until somebody lifts it."""

    reason: Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiatorView:
    """Who or what started a run, and its name.

    `kind` is `user`, `source`, `token` or `system`; of a run that takes a change back also `response` (it expired),
    `run` (a step of that run asked for it) or `rollback` (that run did not end well).
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseView:
    """A change in the world that we hold; `lifted_by` is who last asked for it to be taken back.

    `sighting` is what `check_run` saw of it at `checked_at`, if its connector can look (`is_checkable`), and `gone_at`
    when it was first seen to be gone; `pages` counts how often `owner` was told that it stands too long.
    """

    id: str
    run: str
    step: str
    action: str
    connection: str
    targets: tuple[str, ...]
    status: ResponseStatus
    created_at: datetime
    expires_at: datetime | None
    lift_run: str | None
    lifted_by: InitiatorView | None
    lifted_at: datetime | None
    fault: str | None
    owner: str | None
    pages: int
    is_checkable: bool
    check_run: str | None
    sighting: Sighting | None
    checked_at: datetime | None
    gone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePage:
    """A page of active responses, newest first."""

    items: tuple[ResponseView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesLifting:
    """The active responses of a run that are being taken back, newest first."""

    responses: tuple[ResponseView, ...]
