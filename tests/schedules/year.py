"""A year of a service that is restarted, dies, and whose wall clock jumps, with two nodes that fire the same timers."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random  # noqa: TID251 -- the same seed has to give the same year

from soar.expr import print_duration
from soar.ingest.schedule import TIMER_KIND
from soar.model.audit import AuditRecord
from soar.model.playbook import CatchUp, Revision
from soar.model.values import parse_timestamp
from soar.playbook import parse_playbook
from soar.runtime.timers import TimerKeeper
from soar.store import Unit
from tests.schedules.oracle import Absence, Sort, find_faults, list_expected
from tests.support.clock import START
from tests.support.loop import run_virtual
from tests.support.world import World, open_world

_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Pacific/Auckland",
)
_NODES = 2
_PAGE = 5_000
_DAY = 86_400.0
_STRETCH = 3 * _DAY  # seconds between two troubles, about
_SETTLED = 1_234.5
_INSTANT = 1e-3
_LONGEST_SLEEP = 6 * 3_600.0
_RARELY = 0.3
_OFTEN = 0.5


@dataclass(slots=True)
class Story:
    """What came of a year.

    Attributes:
        absences: in which nobody looked at the timers.
        deaths: how often a process died in the middle of a write, or just after it.
        jumps: of the wall clock while a process ran.
        starts: for how many moments a run was started.
        faults: by schedule.
        reports: of what the nodes could not do.
    """

    absences: list[Absence] = field(default_factory=list)
    deaths: int = 0
    jumps: int = 0
    starts: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)


def make_sorts(count: int, seed: int) -> dict[str, Sort]:
    """Return so many schedules by the ids of their playbooks, of all kinds, many of them about the hours that jump."""
    chance = Random(seed)  # noqa: S311 -- as above
    return {f"sweep-{number}": _make_sort(number, chance) for number in range(count)}


def _make_sort(number: int, chance: Random) -> Sort:
    zone, catch_up = chance.choice(_ZONES), chance.choice([*CatchUp])
    minute = chance.randrange(60)
    match number % 5:
        case 0:
            hours = tuple(sorted({chance.randrange(4), chance.randrange(24)}))
            return Sort(zone=zone, catch_up=catch_up, minutes=(minute,), hours=hours)
        case 1:
            days = (chance.randint(1, 31),)
            return Sort(zone=zone, catch_up=catch_up, minutes=(0, 30), hours=(chance.randrange(4),), days=days)
        case 2:
            weekdays = tuple(sorted(chance.sample(range(7), 2)))
            return Sort(zone=zone, catch_up=catch_up, minutes=(minute,), hours=(1, 2, 3), weekdays=weekdays)
        case 3:
            weekdays = (6,)  # the day on which most of the clocks are put on and back
            hours = tuple(range(24))
            return Sort(zone=zone, catch_up=catch_up, minutes=(minute,), hours=hours, weekdays=weekdays, is_loose=True)
        case _:
            every = timedelta(minutes=chance.choice((720, 1017, 24 * 60, 7 * 24 * 60)))
            return Sort(zone=zone, catch_up=catch_up, every=every)


def write_playbook(sort: Sort) -> str:
    """Return the text of a playbook with this schedule."""
    if sort.every is not None:
        moments = f"every: {print_duration(sort.every)}"
    else:
        hours = "*" if sort.is_loose else ",".join(map(str, sort.hours))
        days = ",".join(map(str, sort.days)) or "*"
        weekdays = ",".join(str((day + 1) % 7) for day in sort.weekdays) or "*"
        moments = f'cron: "{",".join(map(str, sort.minutes))} {hours} {days} * {weekdays}"'
    trigger = f"{{{moments}, timezone: {sort.zone}, catch_up: {sort.catch_up}}}"
    return f"name: Sweep\non: {{schedule: {trigger}}}\nsteps:\n  - {{id: done, set: {{ok: true}}}}\n"


def play_year(count: int, *, days: int, seed: int) -> Story:
    """Let so many schedules go through so many days, and return what came of it."""

    async def play() -> Story:
        sorts = make_sorts(count, seed)
        world = await open_world(seed=seed, has_timers=False)
        world.store.listen(_ignore)
        for id_, sort in sorts.items():
            text = write_playbook(sort)
            playbook, findings = parse_playbook(text, playbook_id=id_, file=f"{id_}.yaml")
            assert playbook is not None, findings
            revision = Revision(playbook=id_, digest=playbook.revision, text=text, created_at=START, author="u_olga")
            await world.write(partial(_put, revision))
            world.playbooks[id_] = playbook
        return await _Year(world, sorts, days, seed).play()

    return run_virtual(play(), seed=seed)


def _put(revision: Revision, unit: Unit) -> None:
    unit.revisions.put(revision)


class _Node:
    """One process that fires timers and dies when it is told to.

    Args:
        world: its parts.
    """

    def __init__(self, world: World) -> None:
        world.store.listen(_ignore)  # whether the runs do anything is not asked here
        self.mortal = world.mortal
        self.reports = world.reports
        self.keeper = TimerKeeper(
            store=world.mortal,
            clock=world.clock,
            approvals=world.approvals,
            responses=world.responses,
            announcer=world.announcer,
            report=lambda _workspace, _run, error: world.reports.append(error),
            wakers={TIMER_KIND: world.schedules.wake},
            longest_sleep=_LONGEST_SLEEP,
        )
        self._task = asyncio.create_task(self.keeper.run(), name="timers")

    def die_at_next_write(self, *, is_written: bool) -> None:
        self.mortal._last, self.mortal._is_written = self.mortal.writes + 1, is_written

    async def stop(self) -> None:
        self.mortal.died.set()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class _Year:
    def __init__(self, world: World, sorts: Mapping[str, Sort], days: int, seed: int) -> None:
        self._world = world
        self._clock = world.clock
        self._sorts = sorts
        self._days = days
        self._chance = Random(f"{seed} of troubles")  # noqa: S311 -- as above
        self._seen = START  # the latest that anybody has seen on the wall clock
        self._nodes: list[_Node] = []
        self.story = Story()

    async def play(self) -> Story:
        await self._open()
        troubles = (self._restart, self._kill_one, self._kill_all, self._jump_ahead, self._jump_back)
        while self._clock.monotonic() < self._days * _DAY:
            await self._clock.sleep(self._chance.expovariate(1 / _STRETCH))
            self._look()
            await self._chance.choice(troubles)()
        await self._clock.sleep(_SETTLED)
        self._look()
        await self._close()
        await self._judge()
        return self.story

    def _look(self) -> None:
        self._seen = max(self._seen, self._clock.now())

    async def _open(self) -> None:
        """Start two nodes, and note what nobody has seen of the clock meanwhile."""
        before = self._seen
        for _ in range(_NODES):
            outer = self._world
            world = World(outer.store, host=outer.host, clock=self._clock, ids=outer.ids, has_timers=False)
            world.playbooks.update(outer.playbooks)
            await world.arrange()
            self._nodes.append(_Node(world))
        self._look()
        if self._seen > before:
            self.story.absences.append(Absence(before, self._seen))

    async def _close(self) -> None:
        for node in self._nodes:
            await node.stop()
            self.story.reports += [*map(str, node.reports)]
        self._nodes.clear()

    async def _restart(self) -> None:
        """Stop everything, and start it after a while, in which somebody may set the clock."""
        await self._close()
        await self._clock.sleep(self._chance.choice((30.0, 100.0, 3_000.0, _DAY, 3 * _DAY)) * self._chance.random())
        if self._chance.random() < _RARELY:
            self._clock.jump(timedelta(seconds=self._chance.uniform(-_DAY, _DAY)))
        await self._open()

    async def _kill_one(self) -> None:
        """Let one node die in a write; the other goes on, and after a while both are there again."""
        self._nodes[0].die_at_next_write(is_written=self._chance.random() < _OFTEN)
        await self._nodes[0].mortal.died.wait()
        self.story.deaths += 1
        await self._clock.sleep(self._chance.uniform(0, _DAY))
        self._look()
        await self._close()
        await self._open()

    async def _kill_all(self) -> None:
        """Let all nodes die in their next writes, and start them after a while."""
        for node in self._nodes:
            node.die_at_next_write(is_written=self._chance.random() < _OFTEN)
        for node in self._nodes:
            await node.mortal.died.wait()
            self.story.deaths += 1
        self._look()
        await self._close()
        await self._clock.sleep(self._chance.choice((50.0, 500.0, _DAY)) * self._chance.random())
        await self._open()

    async def _jump_ahead(self) -> None:
        before = self._seen
        self._clock.jump(timedelta(seconds=self._chance.choice((60.0, 4_000.0, 2 * _DAY)) * self._chance.random()))
        self._look()
        if self._seen > before:
            self.story.absences.append(Absence(before, self._seen))
        await self._notice()

    async def _jump_back(self) -> None:
        self._clock.jump(-timedelta(seconds=self._chance.choice((60.0, 4_000.0, 2 * _DAY)) * self._chance.random()))
        await self._notice()

    async def _notice(self) -> None:
        """Let the nodes see at once what they would see within a minute, so that it is known when they did."""
        self.story.jumps += 1
        for node in self._nodes:
            node.keeper.kick()
        await self._clock.sleep(_INSTANT)

    async def _judge(self) -> None:
        started = await self._list_started()
        self.story.starts = sum(map(len, started.values()))
        for id_, sort in self._sorts.items():
            expected = list_expected(sort, START, self._seen)
            faults = [*find_faults(sort, expected, started[id_], self.story.absences)]
            if faults:
                self.story.faults[id_] = faults

    async def _list_started(self) -> dict[str, list[datetime]]:
        """Return the moments that runs were requested for, by playbook, in the order of the record."""
        started: dict[str, list[datetime]] = defaultdict(list)
        first = 0
        while True:
            page = await self._world.read(partial(_read_page, first))
            for document in (record.document for record in page):
                if document["type"] == "run.requested":
                    context = document["context"]
                    started[context["playbook"]].append(parse_timestamp(context["moment"]))
            if len(page) < _PAGE:
                return started
            first += _PAGE


def _read_page(first: int, unit: Unit) -> Sequence[AuditRecord]:
    return unit.audit.range(first, first + _PAGE)


def _ignore(_workspace: str, _run: str) -> None:
    """Leave the run where it is."""
