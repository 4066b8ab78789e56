"""Active responses."""

from dataclasses import dataclass
from datetime import datetime

from soar.api.schemas.base import Incoming, PageQuery, Text
from soar.model.response import Response, ResponseStatus


class ResponseQuery(PageQuery):
    """Which active responses."""

    status: ResponseStatus | None = None


class LiftWanted(Incoming):
    """Why a change is to be taken back."""

    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseView:
    """A change in the world that we hold."""

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
    lifted_at: datetime | None
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePage:
    """A page of active responses, newest first."""

    items: tuple[ResponseView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesLifting:
    """The active responses of a run that are being taken back, newest first."""

    responses: tuple[ResponseView, ...]


def view_response(response: Response) -> ResponseView:
    """Return an active response without the arguments of its way back."""
    return ResponseView(
        id=response.id,
        run=response.run,
        step=response.step,
        action=response.action,
        connection=response.connection,
        targets=response.targets,
        status=response.status,
        created_at=response.created_at,
        expires_at=response.expires_at,
        lift_run=response.lift_run,
        lifted_at=response.lifted_at,
        fault=response.fault,
    )
