"""What does not change while a run lives: its playbook, its inputs and the actions it may call."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.expr import Template, parse_template
from soar.model.catalog import ActionSpec
from soar.model.playbook import Playbook
from soar.model.run import Mode
from soar.model.step import Step, walk_steps
from soar.model.step import Template as Source
from soar.model.values import Value

_ELEMENT = re.compile(r"#\d+")


class Program:
    """A playbook revision with its templates compiled, shared by all its runs."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
        self._steps: Mapping[str, Step] = {step.path: step for step in steps}
        self.paths: Mapping[str, str] = {step.id: step.path for step in steps if step.id}
        self._templates: dict[str, Template] = {}

    def template(self, place: str, source: Source) -> Template:
        """Return the compiled template that stands at this place of the document."""
        compiled = self._templates.get(place)
        if compiled is None:
            compiled = self._templates[place] = parse_template(source)
        return compiled

    def step(self, path: str) -> Step:
        """Return the step whose record has this path.

        Raises:
            KeyError: the document has no such step.
        """
        return self._steps[_ELEMENT.sub("", path) if "#" in path else path]

    def has(self, path: str) -> bool:
        """Whether a record with this path would be that of a step of the document."""
        return _ELEMENT.sub("", path) in self._steps

    def around(self, path: str) -> Iterator[Step]:
        """Return the steps that a record stands inside, from the outermost to its own."""
        parts = _ELEMENT.sub("", path).split("/")
        prefixes = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        return (self._steps[prefix] for prefix in prefixes if prefix in self._steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run's fixed surroundings.

    Attributes:
        url: where people look at the run.
        alert: the alert as expressions see it; None if none started the run.
        config: the server's open settings.
        initiator: principal that started the run.
        case: id of its case, if it has one.
        actions: by full name; those of the connectors this run is pinned to.
    """

    workspace: str
    run: str
    url: str
    program: Program
    inputs: Mapping[str, Value]
    alert: Mapping[str, Value] | None
    config: Mapping[str, Value]
    mode: Mode
    initiator: str
    case: str | None
    created_at: datetime
    actions: Mapping[str, ActionSpec]

    @property
    def playbook(self) -> Playbook:
        """The revision that runs."""
        return self.program.playbook
