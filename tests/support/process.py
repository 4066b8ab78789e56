"""Processes of a virtual world: the service's own, and the one that connectors run in."""

from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer, ActionCall

Script: TypeAlias = ActionAnswer | Callable[[ActionCall], ActionAnswer]


class RecordingProcess:
    """A `Process` that writes down why it was told to die, and lives on."""

    def __init__(self) -> None:
        self.deaths: list[str] = []

    def die(self, reason: str) -> None:
        self.deaths.append(reason)


class ScriptedHost:
    """An `ActionHost` that answers by script and remembers every call."""

    def __init__(self) -> None:
        self._scripts: dict[str, list[Script]] = {}
        self.calls: list[ActionCall] = []
        self.effects: Counter[str] = Counter()

    def script(self, action: str, *answers: Script) -> None:
        """Say how an action answers: one answer a call, the last one from then on."""
        if not answers:
            raise ValueError(f"{action} is given no answer")
        self._scripts[action] = list(answers)

    async def call(self, call: ActionCall) -> ActionAnswer:
        self.calls.append(call)
        self.effects[call.effect_key] += 1
        answers = self._scripts.get(call.action)
        if answers is None:
            return ActionAnswer(code=ActionCode.INVALID, message=f"no answer is scripted for {call.action}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, ActionAnswer) else answer(call)
