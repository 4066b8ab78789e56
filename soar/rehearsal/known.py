"""What a test file may name: the steps of its playbook and the installed actions."""

from collections.abc import Mapping

from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.model.step import AskPeople, CallPlaybook, Step, walk_steps
from soar.playbook.field import Field
from soar.playbook.report import quote


class Known:
    """The names that a test file may use.

    Args:
        playbook: that is rehearsed.
        catalog: the installed connectors.
    """

    def __init__(self, playbook: Playbook, catalog: Catalog) -> None:
        self.steps: Mapping[str, Step] = {step.id: step for step in list_steps(playbook) if step.id}
        installed = {
            action.full_name for connector in catalog.connectors.values() for action in connector.actions.values()
        }
        called = {step.body.playbook for step in list_steps(playbook) if isinstance(step.body, CallPlaybook)}
        self._actions = installed | {f"playbook.{name}" for name in called}

    def check_step(self, field: Field, name: str) -> None:
        """Note down a step that is not there."""
        if name not in self.steps:
            message = f"the playbook has no step {quote(name)}"
            field.fault("P202", message, field.report.suggest(name, self.steps) or "a step is named by its `id`")

    def check_question(self, field: Field, name: str) -> None:
        """Note down a step that is not there, or that asks for no facts."""
        self.check_step(field, name)
        if name in self.steps and not isinstance(self.steps[name].body, AskPeople):
            field.fault("P202", f"the step {quote(name)} asks for no facts", "`asks` is for steps with `ask`")

    def check_action(self, field: Field, name: str) -> None:
        """Note down an action that is not there; a playbook that is called counts as one."""
        if name not in self._actions:
            hint = field.report.suggest(name, self._actions) or "`soar connector list` shows what is installed"
            field.fault("P302", f"no installed connector has the action {quote(name)}", hint)

    def check_mocked(self, field: Field, name: str) -> None:
        """Note down what is neither a step nor an action."""
        if "." in name:
            self.check_action(field, name)
        else:
            self.check_step(field, name)


def list_steps(playbook: Playbook) -> tuple[Step, ...]:
    """Return every step of a playbook, its handlers' included, in the order of the document."""
    return walk_steps((*playbook.steps, *playbook.on_failure, *playbook.finally_))
