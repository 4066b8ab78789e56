"""Playbooks that call others: the library's playbooks, started for the steps of runs."""

from collections.abc import Callable, Mapping
from datetime import datetime

from soar.engine.commands import StartRun
from soar.ingest.request import RunRequests
from soar.model.errors import InputError, NotFoundError
from soar.model.playbook import Playbook
from soar.model.run import Run
from soar.model.values import as_value
from soar.runtime.children import Caller
from soar.store import Unit


def make_caller(playbooks: Callable[[], Mapping[str, Playbook]], requests: RunRequests) -> Caller:
    """Return what starts the playbooks that steps call.

    Args:
        playbooks: gives those that serve now, by id.
        requests: requests runs.
    """

    def call(unit: Unit, command: StartRun, parent: Run, at: datetime) -> None:
        playbook = playbooks().get(command.playbook)
        if playbook is None:
            raise NotFoundError(f"there is no playbook {command.playbook}", hint="`soar playbook list` shows them")
        inputs = as_value(command.call.arguments)
        if not isinstance(inputs, dict):
            raise InputError(f"{command.playbook} takes a map of inputs")
        requests.request_by_call(unit, playbook, inputs, id=command.run, parent=parent, step=command.call.step, now=at)

    return call
