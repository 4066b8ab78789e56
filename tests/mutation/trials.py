"""Whether a test notices: each mutant in a process of its own, before the tests that run its lines."""

import math
import os
import resource
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import TypeAlias, TypeVar

import coverage
import pytest

from tests.mutation.mutants import Mutant, apply
from tests.support.repository import ROOT

_PATIENCE = 10.0  # seconds that a trial has above four times what its tests took
_SECOND = 2.0  # times as much has the second trial of a mutant that was not done in time: the machine may be busy
_MEMORY = 3 << 30  # bytes of address space, for a loop that gathers
_LONGEST = 20.0  # seconds of processor time of tests that are held against one mutant, the cheapest first

_T = TypeVar("_T")
_Trial: TypeAlias = tuple[Mutant, Sequence[pytest.Item]]
"""A mutant, and the tests that are held against it."""


class Verdict(IntEnum):
    """What came of a trial, which is also how its process ends."""

    SURVIVED = 0
    KILLED = 10
    UNCHANGED = 11
    TIMED_OUT = 12


@dataclass(eq=False)
class Trials:
    """A plugin of pytest: runs the collected tests once to learn what they reach, then tries mutants on them.

    Args:
        mutants: what is tried.
        width: how many trials at once.
        tell: takes each mutant and its verdict, as they come.
        learned: takes how many tests have run, and how many there are.

    Attributes:
        fault: why nothing was tried: the tests must pass on the code as it is.
    """

    mutants: Sequence[Mutant]
    width: int
    tell: Callable[[Mutant, Verdict], None]
    learned: Callable[[int, int], None]
    fault: str = ""
    _times: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _costs: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _is_trial: bool = False
    _sound: set[str] = field(default_factory=set)
    _failed: tuple[int, int] = field(default_factory=lambda: os.pipe2(os.O_NONBLOCK))
    _items: dict[str, pytest.Item] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Stop a trial at its first failure; the code as it is may have none."""
        self._times[report.nodeid] += report.duration
        if not report.failed:
            return
        if self._is_trial:
            os.write(self._failed[1], f"{report.nodeid}\n".encode())
            os._exit(Verdict.KILLED)
        self.fault = f"{report.nodeid} fails on the code as it is\n{report.longreprtext}"
        pytest.exit(self.fault)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Stop where a test cannot be read."""
        if report.failed:
            self.fault = f"{report.nodeid} cannot be collected\n{report.longreprtext}"
            pytest.exit(self.fault)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep what has stopped pytest itself."""
        self.fault = str(excrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the loop that runs each test once."""
        reach = self._learn(session.items)
        self._items = {item.nodeid: item for item in session.items}
        chosen = ((mutant, self._choose(mutant, session.items, reach)) for mutant in self.mutants)
        late = self._try_all(chosen, self.width)
        for mutant, _ in self._try_all(late, width=1, patience=_SECOND):
            self.tell(mutant, Verdict.TIMED_OUT)
        return True

    def _learn(self, items: Sequence[pytest.Item]) -> dict[tuple[str, int], set[str]]:
        """Return which tests run a line."""
        reached = coverage.Coverage(data_file=None, config_file=False, include=[str(ROOT / "soar" / "*")])
        reached.start()
        for number, (item, following) in enumerate(_pair(items), 1):
            reached.switch_context(item.nodeid)
            before = _count_processor_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            self._costs[item.nodeid] = _count_processor_time() - before
            self.learned(number, len(items))
        reached.stop()
        found: dict[tuple[str, int], set[str]] = {}
        data = reached.get_data()
        for path in {mutant.path for mutant in self.mutants}:
            for line, tests in data.contexts_by_lineno(str(ROOT / path)).items():
                found[path, line] = set(tests) - {""}
        return found

    def _choose(
        self, mutant: Mutant, items: Sequence[pytest.Item], reach: dict[tuple[str, int], set[str]]
    ) -> list[pytest.Item]:
        """Return the tests that meet a mutant, the cheapest first and no more than there is time for.

        What a test costs is processor time, so that a busy machine does not hold fewer tests against a mutant.
        """
        names = set().union(*(reach.get((mutant.path, line), set()) for line in mutant.lines))
        chosen, left = [], _LONGEST
        for item in sorted((item for item in items if item.nodeid in names), key=lambda item: self._costs[item.nodeid]):
            left -= self._costs[item.nodeid]
            if left < 0 and chosen:
                break
            chosen.append(item)
        return chosen

    def _try_all(self, trials: Iterable[_Trial], width: int, patience: float = 1.0) -> list[_Trial]:
        """Tell what came of the trials, and return those that were not done in time."""
        waiting, late = iter(trials), []
        running: dict[int, tuple[_Trial, float]] = {}
        while True:
            for mutant, items in islice(waiting, width - len(running)):
                running[self._begin(mutant, items)] = (mutant, items), time.monotonic() + patience * self._allow(items)
            if not running:
                return late
            for trial, verdict in _gather(running):
                self._check_failed()
                if verdict is None:
                    late.append(trial)
                else:
                    self.tell(trial[0], verdict)

    def _check_failed(self) -> None:
        """Hold what has failed for the first time against the code as it is: a process may be no place for a test.

        Raises:
            pytest.exit.Exception: it fails there too, and what it was held against is not measured.
        """
        for name in {*_read(self._failed[0]).splitlines()} - self._sound:
            items = [self._items[name]]
            running = {self._begin(None, items): (name, time.monotonic() + _SECOND * self._allow(items))}
            while not (ended := [*_gather(running)]):
                pass
            if ended[0][1] is not Verdict.SURVIVED:
                self.fault = f"{name} fails in a process of its own on the code as it is"
                pytest.exit(self.fault)
            self._sound.add(name)

    def _allow(self, items: Sequence[pytest.Item]) -> float:
        return _PATIENCE + 4 * sum(self._times[item.nodeid] for item in items)

    def _begin(self, mutant: Mutant | None, items: Sequence[pytest.Item]) -> int:
        """Start a trial, without a mutant of the code as it is, and return its process."""
        process = os.fork()
        if process:
            return process
        try:
            self._is_trial = True
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            seconds = math.ceil(self._allow(items))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
            if mutant and items and not apply(mutant):
                os._exit(Verdict.UNCHANGED)
            for item, following in _pair(items):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            os._exit(Verdict.SURVIVED)
        finally:
            os._exit(Verdict.KILLED)  # the change has broken what runs the tests


def _count_processor_time() -> float:
    """Return the seconds that this process has used, and those that it has waited for."""
    spent = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _pair(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True) if items else iter(())


def _read(pipe: int) -> str:
    try:
        return os.read(pipe, 65_536).decode()
    except BlockingIOError:
        return ""


def _gather(running: dict[int, tuple[_T, float]]) -> Iterator[tuple[_T, Verdict | None]]:
    """Give the trials that are over, and end those that are not in time: they have no verdict.

    What a busy machine makes late has not used its processor time; what has used that will not end.
    """
    for process, (trial, until) in list(running.items()):
        found, status = os.waitpid(process, os.WNOHANG)
        verdict = None
        if found:
            code = os.waitstatus_to_exitcode(status)
            is_used_up = code == -signal.SIGXCPU
            verdict = Verdict.TIMED_OUT if is_used_up else Verdict(code) if code >= 0 else Verdict.KILLED
        elif time.monotonic() < until:
            continue
        else:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        del running[process]
        yield trial, verdict
    time.sleep(0.01)
