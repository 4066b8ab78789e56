"""The end of a run, as it is told to whoever waits for such ends."""

from datetime import datetime

from soar.model.event import EventType
from soar.model.run import Run
from soar.store import Unit


def publish_end(unit: Unit, run: Run, at: datetime) -> None:
    """Put down that a run is over; its type is named after how it ended."""
    unit.happenings.add(
        EventType(f"run.{run.status.value}"),
        run.id,
        {
            "playbook": run.playbook,
            "run": run.id,
            "status": run.status.value,
            "reason": run.reason,
            "mode": run.mode.value,
            "outputs": dict(run.outputs),
            "alert": run.alert,
            "case": run.case,
        },
        at,
        playbook=run.playbook,
        depth=run.depth + 1,
    )
