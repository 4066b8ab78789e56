"""One seed: playbooks, people, faults, and what came of it."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from soar.engine.plan import Program
from soar.ingest.schedule import arrange_schedules
from soar.model.errors import UnavailableError
from soar.responses.service import PAGE_KIND
from tests.simulation.outages import BUSY, FULL, OutageDisk
from tests.simulation.people import Crowd
from tests.simulation.playbooks import CATALOG, TICKING, Library, write_library
from tests.simulation.products import Products
from tests.simulation.service import SimulatedWorld
from tests.simulation.watch import Watch
from tests.support.clock import VirtualClock
from tests.support.ids import SeededIds
from tests.support.loop import virtual_loop
from tests.support.open_runs import list_open_runs
from tests.support.randomness import seeded_random
from tests.support.world import WORKSPACE, check_record, open_peopled_store

_LONGEST_DRAIN = 400
_ALL = 100_000
_JUMPS = (timedelta(hours=1), timedelta(days=3652), timedelta(minutes=-10), timedelta(hours=-2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of a scenario.

    Attributes:
        trace: digest over every callback, moment and audit event: equal traces are equal worlds.
        ends: how runs ended.
        faults: by kind.
        deeds: what people did.
    """

    trace: str
    events: int
    deaths: int
    effects: int
    ends: Counter[str]
    faults: Counter[str]
    deeds: Counter[str]


class FailedSeedError(AssertionError):
    """A scenario in which something did not hold that must."""


_TIGHT = {"drivers": 2, "waiting": 2}  # so that most of what is to do waits as rows


class Scenario:
    """What happens in the world of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.library = write_library(seed)
        self._chance = seeded_random(seed, "scenario")
        self._disk = OutageDisk()
        self._crowd = Crowd(seeded_random(seed, "people"))
        self._deaths = 0
        self._faults: Counter[str] = Counter()
        self.watch = Watch()

    async def play(self) -> Counter[str]:
        """Let everything happen, and then let it come to its end; return how runs ended.

        Raises:
            BrokenPromiseError: something did not hold.
        """
        store = await open_peopled_store(self._disk)
        self.watch.store = store
        self._harshness = self._chance.choice((0.0, 0.05, 0.2))
        badness = self._chance.choice((0.0, 0.1, 0.4))
        self.products = Products(self.seed, badness=badness, watch=self.watch)
        self.products.programs.update(_list_programs(self.library))
        world = SimulatedWorld(
            store,
            host=self.products,
            clock=VirtualClock(),
            ids=SeededIds(self.seed),
            catalog=CATALOG,
            **(_TIGHT if self.seed % 3 == 0 else {}),
        )
        try:
            for name, text in self.library.texts.items():
                await world.serve_read(self.library.playbooks[name], text)
            self._plan_death(world)
            for _ in range(self._chance.randint(8, 45)):
                world = await self._go_on(world)
            world = await self._come_to_rest(world)
            return await self._look_back(world)
        finally:
            await world.stop()
            _LIFTS.update({key: each for key, each in self.products.programs.items() if key[0].startswith("lift-")})

    def _plan_death(self, world: SimulatedWorld) -> None:
        if self._chance.random() < 0.6 and self._deaths < 5:
            world.die_after(self._chance.randint(1, 30), is_written=self._chance.random() < 0.5)

    async def _go_on(self, world: SimulatedWorld) -> SimulatedWorld:
        """Let one more thing happen, and some time pass."""
        if self._chance.random() < self._harshness:
            self._disturb(world)
        else:
            await world.race(self._crowd.do(self._crowd.pick_deed(), world))
        await world.race(world.clock.sleep(self._chance.choice((0.0, 0.1, 1.0, 20.0, 90.0))))
        if self._chance.random() < 0.15:
            await self._leap(world)
        return await self._revive(world)

    def _disturb(self, world: SimulatedWorld) -> None:
        if self._chance.random() < 0.5:
            outage = self._chance.choice((FULL, BUSY))
            self._disk.fail(outage, self._chance.choice((0.5, 3.0, 45.0)))
        else:
            jump = self._chance.choice(_JUMPS)
            self._faults["clock forward" if jump > timedelta() else "clock back"] += 1
            world.clock.jump(jump)
            world.kick()

    async def _leap(self, world: SimulatedWorld) -> None:
        """Let time pass until the next timer is due."""
        try:
            upcoming = await world.store.next_timer()
        except UnavailableError:
            return
        delta = upcoming - world.clock.now() if upcoming else timedelta()
        if delta > timedelta():
            world.clock.jump(delta)
        world.kick()
        await world.race(world.clock.sleep(0.1))

    async def _revive(self, world: SimulatedWorld) -> SimulatedWorld:
        """Start the process again that has ended."""
        self.watch.broken.extend(world.faults)
        self.watch.raise_broken()
        if not world.is_dead:
            return world
        self._deaths += 1
        self._disk.heal()
        self.watch.last.append("        the process ended")
        after = await world.restart()
        self._plan_death(after)
        return after

    async def _come_to_rest(self, world: SimulatedWorld) -> SimulatedWorld:
        """Leave everything alone until nothing is left to do; no schedule starts anything any more."""
        self._disk.heal()
        if TICKING in world.playbooks:
            now = world.clock.now()
            await world.store.write(WORKSPACE, lambda unit: arrange_schedules(unit, (), now))
        for _ in range(_LONGEST_DRAIN):
            await world.race(_settle(world))
            world = await self._revive(world)
            if world.queue._works:
                continue
            await self._check_rest(world)
            if self.watch.list_doubts() and self._chance.random() < 0.6:
                await world.race(self._crowd.do(self._crowd.find_out, world))
                world = await self._revive(world)
                continue
            if not await self._is_anything_due(world) and not await world.store.happenings():
                return world
            await self._leap(world)
            world = await self._revive(world)
        self.watch.expect(holds=False, said="it does not come to an end")
        self.watch.raise_broken()
        return world

    async def _is_anything_due(self, world: SimulatedWorld) -> bool:
        """Whether a timer is left, but for those that tell somebody again and again what they are to lift."""
        timers = await world.store.due_timers(datetime.max.replace(tzinfo=UTC), _ALL)
        return any(timer.event.get("kind") != PAGE_KIND for _, timer in timers if isinstance(timer.event, dict))

    async def _check_rest(self, world: SimulatedWorld) -> None:
        """With nothing driven, what could go on has to wait for another run with its key."""
        stuck = await self._find_stuck(world)
        if stuck:  # a timer may have woken it just now
            await world.race(_settle(world))
        if stuck and not world.is_dead:
            for name, status in sorted(stuck & await self._find_stuck(world)):
                self.watch.expect(holds=False, said=f"{name} is {status} and nobody drives it")
        self.watch.raise_broken()

    async def _find_stuck(self, world: SimulatedWorld) -> set[tuple[str, str]]:
        runs = [await world.run(name) for _, name in await list_open_runs(world.store)]
        begun = {run.concurrency_key for run in await world.list_runs() if not (run.status.is_final or run.is_held)}
        return {
            (run.id, f"{run.status.value} at {run.sequence}")
            for run in runs
            if not (run.is_held and run.concurrency_key in begun)
        }

    async def _look_back(self, world: SimulatedWorld) -> Counter[str]:
        """Hold what is left against what was promised."""
        watch, runs = self.watch, await world.list_runs()
        for run in runs:
            watch.expect(run.status.is_final, f"{run.id} is {run.status} for ever: {run.waiting_for}")
        known = {run.id for run in runs}
        for run in sorted(self._crowd.requested - known):
            watch.expect(holds=False, said=f"{run} was lost")
        for key, alert in self._crowd.accepted.items():
            watch.expect(await world.read(lambda unit, name=alert: unit.alerts.get(name)), f"alert {key} was lost")
        for alert in (await world.read(lambda unit: unit.alerts.list(_ALL))).items:
            for match in await world.read(lambda unit, name=alert.id: unit.alerts.matches(name)):
                watch.expect(match.run is None or match.run in known, f"{match.run} of {alert.id} was lost")
        for said in self.products.doubled:
            watch.expect(holds=False, said=said)
        watch.raise_broken()
        await check_record(world)
        return Counter(run.status.value for run in runs)

    def summarize(self, ends: Counter[str], trace: str) -> Summary:
        """Say what happened."""
        return Summary(
            trace=trace,
            events=self.watch.events,
            deaths=self._deaths,
            effects=sum(self.products.arrivals.values()),
            ends=ends,
            faults=self._faults + self._disk.faults + self.products.faults,
            deeds=self._crowd.done,
        )


_LIFTS: dict[tuple[str, str], Program] = {}


def _list_programs(library: Library) -> dict[tuple[str, str], Program]:
    """Return what need not be parsed again: a scenario's playbooks, and those few that take something back."""
    own = {(playbook.id, playbook.revision): Program(playbook) for playbook in library.playbooks.values()}
    return _LIFTS | own


async def _settle(world: SimulatedWorld) -> None:
    await world.settle()
    await world.clock.sleep(0.1)


def play_seed(seed: int) -> Summary:
    """Play the scenario of a seed.

    Raises:
        FailedSeedError: something did not hold; the message says what, in which playbook, after what, and how to see
            it again.
    """
    scenario = Scenario(seed)
    with virtual_loop(seed) as loop:
        try:
            ends = loop.run_until_complete(scenario.play())
        except Exception as error:
            raise FailedSeedError(_tell(scenario, error)) from error
        trace = hashlib.sha256(f"{loop.trace} {sorted(ends.items())}".encode()).hexdigest()
    return scenario.summarize(ends, trace)


def _tell(scenario: Scenario, error: Exception) -> str:
    texts = "\n".join(f"-- {name}\n{text}" for name, text in scenario.library.texts.items())
    last = "\n".join(scenario.watch.last)
    again = f"make simulate SEEDS=1 FIRST={scenario.seed}"
    return f"{texts}\n-- the last events\n{last}\n-- seed {scenario.seed}: {error!r}\n{error}\nagain: {again}"
