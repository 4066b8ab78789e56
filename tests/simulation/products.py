"""Products that answer as a seed says: well, badly, late, or not at all; and what reached them."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from random import Random  # noqa: TID251 -- the type alone; every stream is a seeded one

from soar.engine.plan import Program
from soar.engine.retry import is_repeatable
from soar.model.catalog import ActionSpec, Catalog, Effect
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer, ActionCall
from soar.model.values import JsonValue
from tests.simulation.playbooks import CATALOG
from tests.simulation.watch import Watch
from tests.support.process import ScriptedHost
from tests.support.randomness import seeded_random

_BRIEF = 0.125
_REFUSALS = (
    ActionCode.RATE_LIMITED,
    ActionCode.UNAVAILABLE,
    ActionCode.UNAVAILABLE,
    ActionCode.NOT_FOUND,
    ActionCode.CONFLICT,
    ActionCode.AUTH,
    ActionCode.INVALID,
)


class Products(ScriptedHost):
    """An `ActionHost` whose answers depend on seed and call alone, so that a repeated call is answered alike.

    Args:
        seed: decides how each call goes.
        badness: share of the calls that do not go well.
        watch: looks at each call before it is made.
        catalog: what the products can do.

    Attributes:
        arrivals: how often what reached them, by action, step and effect key.
        programs: the playbooks that processes of this world have parsed.
    """

    def __init__(self, seed: int, *, badness: float, watch: Watch, catalog: Catalog = CATALOG) -> None:
        super().__init__()
        self._seed = seed
        self._badness = badness
        self.watch = watch
        self._catalog = catalog
        self.programs: dict[tuple[str, str], Program] = {}
        self.faults: Counter[str] = Counter()
        self.arrivals: Counter[tuple[str, str, str]] = Counter()
        self._keys: dict[tuple[str, str], str] = {}

    async def call(self, call: ActionCall) -> ActionAnswer:
        self._note(call)
        luck = seeded_random(self._seed, f"{call.run}/{call.action}/{call.step}/{call.attempt}")
        await asyncio.sleep(luck.choice((0.0, 0.01, 0.25, 5.0)))
        if luck.random() >= self._badness:
            return await self._answer(call, luck)
        return await self._misbehave(call, self._find(call.action), luck)

    def _note(self, call: ActionCall) -> None:
        self.calls.append(call)
        if self.watch.is_own(call):
            self._keys[call.run, call.step] = call.effect_key
        self.watch.check_call(call)

    def has_arrived(self, run: str, step: str) -> bool:
        """Whether what a step wanted done was done: what somebody sees who looks there."""
        key = self._keys.get((run, step))
        return any(key == each for _, _, each in self.arrivals)

    def _answer_check(self, call: ActionCall) -> ActionAnswer:
        """Say what became of a call whose answer was lost."""
        self.faults["check"] += 1
        self.watch.settled.add(call.step)
        output = {"holds": self.has_arrived(call.run, call.step), "ticket": f"T-{call.step}", "count": 9}
        return ActionAnswer(output=output)

    async def _answer(self, call: ActionCall, luck: Random) -> ActionAnswer:
        if self.watch.is_check(call):
            return self._answer_check(call)
        self.arrive(call)
        await asyncio.sleep(luck.choice((0.0, 0.01, 0.25, 12.0)))
        count = luck.randint(0, 9)
        return ActionAnswer(output={"ticket": f"T-{call.step}", "count": count, "holds": count > 3})

    async def _misbehave(self, call: ActionCall, spec: ActionSpec, luck: Random) -> ActionAnswer:
        match luck.choice(("refused", "refused", "lost", "unanswered")):
            case "refused":
                code = luck.choice(_REFUSALS)
                self.faults[f"answer {code.value}"] += 1
                retry_after = luck.choice((None, 1.0, 90.0)) if code in _REFUSALS[:3] else None
                return ActionAnswer(code=code, message="a seed wants it", retry_after=retry_after)
            case "lost":
                self.faults["call lost on its way"] += 1
            case _:
                self.faults["answer lost on its way"] += 1
                if not self.watch.is_check(call):
                    self.arrive(call)
        await asyncio.sleep(call.timeout)
        code = ActionCode.TIMEOUT if spec.effect is Effect.READ else ActionCode.UNKNOWN_OUTCOME
        return ActionAnswer(code=code, message="it did not answer")

    def arrive(self, call: ActionCall) -> None:
        """Do what a call wants done."""
        self.arrivals[call.action, call.step, call.effect_key] += 1

    @property
    def doubled(self) -> list[str]:
        """What happened more often than once and once more for each time that somebody wanted it tried again."""
        wanted = {key: self.watch.wanted[place] for place, key in self._keys.items()}
        return [
            f"{action} happened {count} times under {key}"
            for (action, _, key), count in self.arrivals.items()
            if count > 1 + wanted.get(key, 0) and not is_repeatable(self._find(action))
        ]

    def _find(self, action: str) -> ActionSpec:
        spec = self._catalog.find_action(action)
        assert spec is not None, action
        return spec


class SteadyProducts(Products):
    """Products that answer well and in no time, or as they are told to, but not at once.

    Args:
        outputs: what actions answer, by name; each other one answers with nothing much.
        watch: as in `Products`.
        catalog: as in `Products`.
    """

    def __init__(self, outputs: Mapping[str, JsonValue], *, watch: Watch, catalog: Catalog = CATALOG) -> None:
        super().__init__(0, badness=0.0, watch=watch, catalog=catalog)
        self._outputs = outputs

    async def call(self, call: ActionCall) -> ActionAnswer:
        self._note(call)
        await asyncio.sleep(_BRIEF)
        if self.watch.is_check(call):
            return self._answer_check(call)
        self.arrive(call)
        await asyncio.sleep(_BRIEF)
        return ActionAnswer(output=self._give(call.action, call.step))

    def recall(self, run: str, step: str) -> JsonValue:
        """Return what a step's call was answered, or would have been; None if it never arrived."""
        action = next((call.action for call in self.calls if (call.run, call.step) == (run, step)), None)
        return self._give(action, step) if action is not None and self.has_arrived(run, step) else None

    def _give(self, action: str, step: str) -> JsonValue:
        return self._outputs.get(action, {"ticket": f"T-{step}", "count": 9})
