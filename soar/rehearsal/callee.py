"""Calls of other playbooks in a rehearsal, where they are answered like calls of actions."""

from soar.engine.commands import StartRun
from soar.model.process import ActionCall
from soar.model.run import Run
from soar.store import Unit


def describe_playbook_call(unit: Unit, command: StartRun, parent: Run) -> ActionCall:
    """Return the call of a playbook as if it were an action named `playbook.<id>`."""
    return ActionCall(
        workspace=unit.workspace,
        run=parent.id,
        step=command.call.step,
        action=command.call.action,
        connection="",
        arguments=command.call.arguments,
        secrets=(),
        effect_key=command.run,
        attempt=1,
        timeout=0.0,
    )
