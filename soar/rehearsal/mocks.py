"""The products of a rehearsal: every call ends here, and none leaves."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.engine.commands import StartRun
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer, ActionCall
from soar.model.run import Run, RunStatus
from soar.model.step import Step, UseAction
from soar.model.values import JsonValue, as_value
from soar.rehearsal.callee import describe_playbook_call
from soar.rehearsal.suite import Mock, Mocks
from soar.runtime.children import tell_end
from soar.store import Unit

_ELEMENT = re.compile(r"#\d+")
_LONGEST_ARGUMENTS = 4_000


def document_path(path: str) -> str:
    """Return the path of a step in the document, from that of a record or a call, which may be of one element."""
    return _ELEMENT.sub("", path)


@dataclass(frozen=True, slots=True)
class Unmocked:
    """A call that nothing stood for.

    Attributes:
        made: how many calls its mock had answered before; 0 if there is no mock.
    """

    call: ActionCall
    made: int

    def describe(self) -> str:
        """Say what was called, and what to paste under `mocks`."""
        arguments = write_json(self.call.arguments)
        if self.made:
            return (
                f"{self.call.action} was called once more than its mock answers ({self.made}), with {arguments}\n"
                "add an answer to its list"
            )
        paste = f"{self.call.action}: {{output: {{}}}}"
        return f"{self.call.action} is not mocked; it was called with {arguments}\nadd under `mocks`:  {paste}"


def write_json(value: JsonValue) -> str:
    """Write a value on one line, clipped, as it may be pasted into YAML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _LONGEST_ARGUMENTS else text[: _LONGEST_ARGUMENTS - 1] + "…"


def _is_look(step: Step, call: ActionCall) -> bool:
    """Whether a call looks for what a step has done, whose own mock answers for the step's action alone."""
    return isinstance(step.body, UseAction) and call.action != step.body.action


class MockHost:
    """The `ActionHost` of a rehearsal: answers with mocks and remembers what was called.

    A mock for a step goes before one for its action. The first call is the rehearsed run's; those of other runs, which
    take changes back, are no steps of its playbook.

    Args:
        mocks: by step id or `connector.action`.
        steps: those of the playbook, by their paths in the document.
    """

    def __init__(self, mocks: Mocks, steps: Mapping[str, Step]) -> None:
        self._mocks = mocks
        self._steps = steps
        self._answered: Counter[str] = Counter()
        self._rehearsed: str | None = None
        self.calls: list[ActionCall] = []
        self.unmocked: list[Unmocked] = []

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Answer as mocked; a call that nothing stands for fails, and is remembered as `unmocked`."""
        mock = self._find(call)
        if mock is None:
            return ActionAnswer(code=ActionCode.INTERNAL, message=f"{call.action} is not mocked")
        return ActionAnswer(output=mock.output, code=mock.code, message=mock.message)

    def call_playbook(self, unit: Unit, command: StartRun, parent: Run, at: datetime) -> None:
        """Answer for a playbook that a step calls: its mock's output is what it gives back, at once."""
        call = describe_playbook_call(unit, command, parent)
        mock = self._find(call)
        reason = mock.message if mock else f"{call.action} is not mocked"
        is_good = mock is not None and mock.code is None
        status = RunStatus.SUCCEEDED if is_good else RunStatus.FAILED
        outputs = as_value(mock.output) if mock and mock.output is not None else {}
        tell_end(unit, parent.id, call.step, command.run, status, outputs, reason or None, at)

    def _find(self, call: ActionCall) -> Mock | None:
        """Remember a call and return what stands for it."""
        self.calls.append(call)
        self._rehearsed = self._rehearsed or call.run
        step = self._steps.get(document_path(call.step)) if call.run == self._rehearsed else None
        name = step.id if step is not None and not _is_look(step, call) else None
        key = name if name is not None and name in self._mocks else call.action
        mocked, made = self._mocks.get(key), self._answered[key]
        if mocked is None or (not mocked.is_endless and made >= len(mocked.answers)):
            self.unmocked.append(Unmocked(call, made))
            return None
        self._answered[key] += 1
        return mocked.answers[0 if mocked.is_endless else made]
