"""Runs that stand in relation to others: started by a step of theirs, or waiting for their end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from soar.engine.commands import CancelRun, StartRun
from soar.engine.events import CancelRequested, RunEnded, RunStarted, dump_event
from soar.model.errors import SoarError
from soar.model.run import Run, RunStatus
from soar.model.values import Value
from soar.store import Unit

Caller: TypeAlias = Callable[[Unit, StartRun, Run, datetime], None]
"""Starts the playbook that a step of a run calls; raises `SoarError` if it cannot be started."""


def start_child(unit: Unit, command: StartRun, parent: Run, call: Caller, at: datetime) -> str | None:
    """Start what a step calls; where that cannot be, tell the step so. Returns why it could not be started."""
    try:
        call(unit, command, parent, at)
    except SoarError as error:
        refuse_child(unit, command, parent, error.message, at)
        return error.message
    return None


def refuse_child(unit: Unit, command: StartRun, parent: Run, reason: str, at: datetime) -> None:
    """Tell a step that its playbook is not started."""
    tell_end(unit, parent.id, command.call.step, command.run, RunStatus.REJECTED, {}, reason, at)


def cancel_child(unit: Unit, command: CancelRun, parent: Run, at: datetime) -> None:
    """Ask a run to end that a step has started; one that is over, or never was, has told its step already."""
    child = unit.runs.get(command.run)
    if child is not None and not child.status.is_final:
        event = CancelRequested(at=at, by=parent.id, reason=command.reason)
        unit.inbox.add(child.id, dump_event(event), at)


def tell_relatives(unit: Unit, run: Run, at: datetime) -> None:
    """Let those hear of a run's end that wait for it: the step that started it, and the next runs with its key.

    This comes last: a rollback that follows the end holds the key until it is through.
    """
    if run.parent is not None and run.parent_step is not None:
        tell_end(unit, run.parent, run.parent_step, run.id, run.status, dict(run.outputs), run.reason, at)
    if run.concurrency_key is not None:
        release(unit, run.concurrency_key, at)


def release(unit: Unit, key: str, at: datetime) -> None:
    """Let begin as many of the runs with a key as may, the oldest first."""
    sharing = unit.runs.list_sharing(key)
    begun = sum(not run.is_held for run in sharing)
    for run in sharing:
        if run.is_held and begun < run.concurrency_max:
            begun += 1
            unit.runs.update(replace(run, waiting_for=None), before=run)
            unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)


def tell_end(
    unit: Unit, parent: str, step: str, run: str, status: RunStatus, outputs: Value, reason: str | None, at: datetime
) -> None:
    """Tell a step that the run is over which it has started."""
    event = RunEnded(at=at, path=step, run=run, status=status.value, outputs=outputs, reason=reason)
    unit.inbox.add(parent, dump_event(event), at)
