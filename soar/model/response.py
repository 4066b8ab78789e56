"""A change we made in the world and can take back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.model.values import JsonValue


class ResponseStatus(StrEnum):
    """Where an active response stands."""

    ACTIVE = "active"
    LIFTING = "lifting"
    LIFTED = "lifted"
    OVERDUE = "overdue"


RESPONSE_TRANSITIONS: Mapping[ResponseStatus, frozenset[ResponseStatus]] = {
    ResponseStatus.ACTIVE: frozenset({ResponseStatus.LIFTING}),
    ResponseStatus.LIFTING: frozenset({ResponseStatus.LIFTED, ResponseStatus.OVERDUE}),
    ResponseStatus.LIFTED: frozenset(),
    ResponseStatus.OVERDUE: frozenset({ResponseStatus.LIFTING}),
}
"""Which status may follow which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An active response.

    Attributes:
        id: `ar_…`.
        run: the run that made the change.
        step: path of its step, with `#index` inside a `foreach`.
        action: what was done, `connector.action`.
        targets: what it was done to.
        undo_action: what takes it back.
        undo_arguments: with which arguments, resolved when the change was made.
        lift_run: id of the run that takes it back, once somebody asked.
        expires_at: when it is lifted by itself; None for never.
    """

    id: str
    run: str
    step: str
    action: str
    connection: str
    targets: tuple[str, ...]
    undo_action: str
    undo_arguments: JsonValue
    status: ResponseStatus
    created_at: datetime
    expires_at: datetime | None = None
    lift_run: str | None = None
    lifted_at: datetime | None = None
    fault: str | None = None
