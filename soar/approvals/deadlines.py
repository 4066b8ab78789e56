"""The timers of a question: reminders, escalations and its end."""

from soar.model.approval import Approval
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.store import Unit

TIMER_KIND = "approval_due"
"""`kind` of the timers that this package sets; whoever fires timers hands them to `ApprovalService.wake`."""


def list_timers(approval: Approval) -> list[Timer]:
    """Return the timers of a question, the earliest first; the last one ends it."""
    moments = {*approval.remind_at, *(level.at for level in approval.escalations), approval.expires_at}
    event: JsonValue = {"kind": TIMER_KIND, "approval": approval.id}
    return [
        Timer(id=f"{approval.id}:{index}", run=approval.run, due_at=moment, event=event)
        for index, moment in enumerate(sorted(moments))
    ]


def set_timers(unit: Unit, approval: Approval) -> None:
    """Set every timer of a question."""
    for timer in list_timers(approval):
        unit.timers.set(timer)


def clear_timers(unit: Unit, approval: Approval) -> None:
    """Take back every timer of a question that has not fired."""
    for timer in list_timers(approval):
        unit.timers.cancel(timer.id)
