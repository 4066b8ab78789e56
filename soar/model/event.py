"""What happens in the service itself that playbooks can start from or wait for."""

from enum import StrEnum


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
