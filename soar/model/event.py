"""What happens in the service itself that playbooks can start from or wait for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.model.values import Value


class EventType(StrEnum):
    """One kind of the service's own events."""

    ALERT_RECEIVED = "alert.received"
    RUN_SUCCEEDED = "run.succeeded"
    RUN_FAILED = "run.failed"
    RUN_DENIED = "run.denied"
    RUN_CANCELLED = "run.cancelled"
    RUN_REJECTED = "run.rejected"
    RUN_TIMED_OUT = "run.timed_out"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_DENIED = "approval.denied"
    APPROVAL_EXPIRED = "approval.expired"
    RESPONSE_LIFTED = "response.lifted"
    RESPONSE_EXPIRED = "response.expired"
    RESPONSE_OVERDUE = "response.overdue"
    RESPONSE_ESCALATED = "response.escalated"
    RESPONSE_DRIFTED = "response.drifted"
    SOURCE_SILENT = "source.silent"
    BREAK_GLASS_OPENED = "access.break_glass_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened in the service, until it has been taken to those who wait for it.

    Attributes:
        id: order in which they came.
        subject: id of what it is about.
        data: what is known of it, as expressions see it.
        playbook: id of the playbook whose run it comes from; None if it comes from none.
        depth: how many runs stand above one that it starts.
    """

    id: int
    type: EventType
    subject: str
    data: Mapping[str, Value]
    at: datetime
    playbook: str | None = None
    depth: int = 0

    def to_value(self) -> dict[str, Value]:
        """Return it as expressions see it under `event`."""
        return {"type": self.type.value, "at": self.at, "subject": self.subject, "data": dict(self.data)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A step that waits for one of the service's own events.

    Attributes:
        path: of the step.
        since: what happened before does not count.
    """

    run: str
    path: str
    type: EventType
    since: datetime
