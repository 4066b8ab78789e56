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


class Sighting(StrEnum):
    """What a look at the product has shown of a change: it stands, is not there any more, or nobody can tell."""

    STANDING = "standing"
    GONE = "gone"
    UNCLEAR = "unclear"


RESPONSE_TRANSITIONS: Mapping[ResponseStatus, frozenset[ResponseStatus]] = {
    ResponseStatus.ACTIVE: frozenset({ResponseStatus.LIFTING}),
    ResponseStatus.LIFTING: frozenset({ResponseStatus.LIFTED, ResponseStatus.OVERDUE}),
    ResponseStatus.LIFTED: frozenset(),
    ResponseStatus.OVERDUE: frozenset({ResponseStatus.LIFTING, ResponseStatus.ACTIVE}),
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
        owner: who answers for the playbook, as it is written there; None if nobody does.
        channel: where people are told of it.
        check_action: what tells whether it still stands; None if the connector cannot tell.
        check_arguments: with which arguments, resolved when the change was made.
        check_connection: through which connection; that of the change itself.
        check_run: id of the run that last looked, or looks now.
        check_asked_at: when a look was last asked for, by people or by time.
        sighting: what was seen then; None if nobody has looked.
        gone_at: when it was first seen to be gone; None if it was seen to stand after that.
        pages: how often people were told that it stands too long.
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
    owner: str | None = None
    channel: str = ""
    check_action: str | None = None
    check_arguments: JsonValue = None
    check_connection: str | None = None
    check_run: str | None = None
    sighting: Sighting | None = None
    checked_at: datetime | None = None
    check_asked_at: datetime | None = None
    gone_at: datetime | None = None
    pages: int = 0
