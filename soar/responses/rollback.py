"""What is said of a rollback: who asks for its lifts and why, and what people hear in the playbook's channel."""

from collections.abc import Sequence
from datetime import datetime

from soar.model.ids import Ids
from soar.model.message import Message
from soar.model.response import Response
from soar.model.run import Run, RunStatus
from soar.store import Unit

_NAMED = 10
_INITIATOR = "rollback:"


def name_rollback(run: str) -> str:
    """Return the initiator of the lifts that belong to the rollback of a run."""
    return f"{_INITIATOR}{run}"


def is_rollback(run: Run) -> bool:
    """Whether a run takes back something as part of the rollback of another."""
    return run.initiator.startswith(_INITIATOR)


def say_why(run: Run) -> str:
    """Say why a run that has ended is rolled back."""
    match run.status:
        case RunStatus.CANCELLED:
            return "rolled back: the run was cancelled"
        case RunStatus.TIMED_OUT:
            return "rolled back: the run took too long"
        case _:
            return "rolled back: the run failed"


def post_beginning(unit: Unit, run: Run, channel: str, count: int, *, ids: Ids, at: datetime) -> None:
    """Tell people that so many changes are taken back."""
    changes = "1 change is" if count == 1 else f"{count} changes are"
    _post(unit, run, channel, "rollback", f"{changes} taken back, the latest first.", ids, at)


def post_end(unit: Unit, run: Run, channel: str, kept: Sequence[Response], *, ids: Ids, at: datetime) -> None:
    """Tell people that the rollback is over, and what still stands; why is for the page, as products word it."""
    named = ", ".join(f"{response.action} ({response.id})" for response in kept[:_NAMED])
    more = f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else ""
    told = f"Could not be taken back: {named}{more}." if kept else "Everything is taken back."
    _post(unit, run, channel, "rolled_back", told, ids, at)


def _post(unit: Unit, run: Run, channel: str, key: str, text: str, ids: Ids, at: datetime) -> None:
    message = Message(
        id=ids.new("msg"),
        channel=channel.removeprefix("chat:"),
        key=f"{run.id}:{key}",
        at=at,
        author="soar",
        text=f"{run.id} ({run.playbook}) {say_why(run)}. {text}",
        run=run.id,
    )
    unit.messages.post(message)
