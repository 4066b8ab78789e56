"""From a run's row to everything the engine needs for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from soar.engine.plan import Plan, Program
from soar.model.alert import Alert
from soar.model.catalog import ActionSpec, Catalog
from soar.model.errors import BugError
from soar.model.run import Run
from soar.model.values import Value
from soar.playbook import parse_playbook
from soar.store import Unit


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service gives every run.

    Attributes:
        catalog: the installed connectors.
        config: the server's open settings, as expressions see them.
        url: where people look at us, without a slash at the end.
    """

    catalog: Catalog
    config: Mapping[str, Value]
    url: str


class Planner:
    """Makes plans. Parsed playbooks stay in memory, by the digest of their text."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._programs: dict[tuple[str, str], Program] = {}
        self._actions: Mapping[str, ActionSpec] = {
            action.full_name: action
            for connector in surroundings.catalog.connectors.values()
            for action in connector.actions.values()
        }

    @property
    def actions(self) -> Mapping[str, ActionSpec]:
        """Every installed action, by full name."""
        return self._actions

    def plan(self, unit: Unit, run: Run) -> Plan:
        """Return the plan of a run.

        Raises:
            BugError: its playbook's text is not in the store, or cannot be parsed any more.
        """
        alert = unit.alerts.get(run.alert) if run.alert else None
        return self._build(unit.workspace, run, self._program(unit, run), alert)

    def _program(self, unit: Unit, run: Run) -> Program:
        key = (run.playbook, run.revision)
        program = self._programs.get(key)
        if program is None:
            revision = unit.revisions.get(run.revision)
            if revision is None:
                raise BugError(f"the text of {run.playbook}@{run.revision} is not in the store")
            playbook, findings = parse_playbook(revision.text, playbook_id=run.playbook, file=f"{run.playbook}.yaml")
            if playbook is None:
                raise BugError(f"{run.playbook}@{run.revision} cannot be parsed: {findings[0].message}")
            program = self._programs[key] = Program(playbook)
        return program

    def _build(self, workspace: str, run: Run, program: Program, alert: Alert | None) -> Plan:
        return Plan(
            workspace=workspace,
            run=run.id,
            url=f"{self._surroundings.url}/runs/{run.id}",
            program=program,
            inputs=run.inputs,
            alert=alert.to_value() if alert else None,
            config=self._surroundings.config,
            mode=run.mode,
            initiator=run.initiator,
            case=run.case,
            created_at=run.created_at,
            actions=self._actions,
        )
