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

    async def call(self, call: ActionCall) -> ActionAnswer:
        self.calls.append(call)
        self.watch.check_call(call)
        luck = seeded_random(self._seed, f"{call.run}/{call.action}/{call.step}/{call.attempt}")
        await asyncio.sleep(luck.choice((0.0, 0.01, 0.25, 5.0)))
        if luck.random() >= self._badness:
            return await self._answer(call, luck)
        return await self._misbehave(call, self._find(call.action), luck)

    async def _answer(self, call: ActionCall, luck: Random) -> ActionAnswer:
        self.arrive(call)
        await asyncio.sleep(luck.choice((0.0, 0.01, 0.25, 12.0)))
        return ActionAnswer(output={"ticket": f"T-{call.step}", "count": luck.randint(0, 9)})

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
                self.arrive(call)
        await asyncio.sleep(call.timeout)
        code = ActionCode.TIMEOUT if spec.effect is Effect.READ else ActionCode.UNKNOWN_OUTCOME
        return ActionAnswer(code=code, message="it did not answer")

    def arrive(self, call: ActionCall) -> None:
        """Do what a call wants done."""
        self.arrivals[call.action, call.step, call.effect_key] += 1

    @property
    def doubled(self) -> list[str]:
        """What happened more than once and must not."""
        return [
            f"{action} happened {count} times under {key}"
            for (action, _, key), count in self.arrivals.items()
            if count > 1 and not is_repeatable(self._find(action))
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
        self.calls.append(call)
        self.watch.check_call(call)
        await asyncio.sleep(_BRIEF)
        self.arrive(call)
        await asyncio.sleep(_BRIEF)
        return ActionAnswer(output=self._outputs.get(call.action, {"ticket": f"T-{call.step}", "count": 9}))
