"""The one writer: many callers' works share one transaction and one fsync."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar, cast

from soar.model.disk import Disk
from soar.model.errors import UnavailableError
from soar.model.process import Process
from soar.store.database import Database, Outcome, never
from soar.store.faults import Fault, classify, describe, explain
from soar.store.unit import Unit

T = TypeVar("T")

Listener: TypeAlias = Callable[[str, str], None]
"""Told workspace and id of a run that something was put into the inbox for, once that is on the disk."""

HappeningListener: TypeAlias = Callable[[], None]
"""Told that something happened which somebody waits for, once that is on the disk."""

QUEUE_LIMIT = 10_000
GROUP_LIMIT = 1_000
_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class _Ending:
    """Why nothing is written any more."""

    message: str
    code: str

    def to_error(self) -> UnavailableError:
        return UnavailableError(self.message, code=self.code)


@dataclass(slots=True, eq=False)
class _Waiting:
    workspace: str
    work: Callable[[Unit], object]
    outcome: asyncio.Future[object]
    goes_first: bool


class Writer:
    """Gathers works while a group commits, and commits what was gathered as the next group.

    Nothing waits on purpose: a work that comes alone is a group of one.

    Args:
        database: where groups are committed.
        disk: where that happens.
        process: ended when the disk fails, because a second fsync may succeed without the first one's pages (fsync(2)).
        queue_limit: how many works may wait.
        log_disk: where checkpoints are made, beside the groups; between them, on the same disk, if there is none.
    """

    def __init__(
        self,
        database: Database,
        disk: Disk,
        process: Process,
        queue_limit: int = QUEUE_LIMIT,
        *,
        log_disk: Disk | None = None,
    ) -> None:
        self._database = database
        self._disk = disk
        self._log_disk = log_disk
        self._checkpointing: asyncio.Task[None] | None = None
        self._process = process
        self._queue_limit = queue_limit
        self._queue: deque[_Waiting] = deque()
        self._first: deque[_Waiting] = deque()
        self._committing: asyncio.Task[None] | None = None
        self._ending: _Ending | None = None
        self._is_broken = False
        self.listener: Listener | None = None
        self.happening_listener: HappeningListener | None = None

    async def write(self, workspace: str, work: Callable[[Unit], T], *, goes_first: bool = False) -> T:
        """Do the work in the next group; return what it returns once that is on the disk.

        A caller that is cancelled does not hear how its work ended: if it had not begun, it does not.

        Args:
            workspace: where.
            work: what.
            goes_first: do it before all that wait; what is being committed ends with the work that is being done.

        Raises:
            UnavailableError: too many works wait, the disk is full, or the store is closed; nothing was written.
            Exception: what the work raised; it was undone alone.
        """
        if self._ending is not None:
            raise self._ending.to_error()
        if len(self._queue) + len(self._first) >= self._queue_limit:
            raise UnavailableError("too much waits to be written", retry_after=_RETRY_AFTER, code="store.busy")
        outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        (self._first if goes_first else self._queue).append(_Waiting(workspace, work, outcome, goes_first))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_groups(), name="store writer")
        return cast("T", await outcome)

    async def close(self) -> None:
        """Take no more works, and return when those that wait are done."""
        if self._ending is None:
            self._ending = _Ending("the store is closed", "store.closed")
        if self._committing is not None:
            await asyncio.wait((self._committing,))
        if self._checkpointing is not None:
            await asyncio.wait((self._checkpointing,))

    def stop_if_broken(self, error: Exception) -> None:
        """End the process if the error says that the disk has failed, and refuse whatever still comes."""
        if classify(error) is not Fault.BROKEN:
            return
        self._ending = _Ending(f"the disk failed: {describe(error)}", "disk_failed")
        self._is_broken = True
        self._process.die(self._ending.message)
        while line := self._first or self._queue:
            _settle(line.popleft().outcome, Outcome(error=self._ending.to_error()))

    async def _commit_groups(self) -> None:
        group: list[_Waiting] = []
        try:
            while group := self._take_group():
                await self._commit(group)
                await self._keep_log_short()
        finally:
            self._committing = None
            for waiting in (*group, *self._first, *self._queue):  # only if this was cancelled: nobody may wait for ever
                waiting.outcome.cancel()
            self._first.clear()
            self._queue.clear()

    def _take_group(self) -> list[_Waiting]:
        return _take_from(self._first) or _take_from(self._queue)

    async def _commit(self, group: list[_Waiting]) -> None:
        works = [(waiting.workspace, waiting.work) for waiting in group]
        is_hurried = never if group[0].goes_first else self._is_hurried
        try:
            outcomes = await self._disk.run(partial(self._database.commit, works, is_hurried))
        except Exception as error:  # noqa: BLE001 -- whatever stopped the group is told to everybody in it
            self.stop_if_broken(error)
            outcomes = [Outcome(error=explain(error)) for _ in group]
        self._queue.extendleft(reversed(group[len(outcomes) :]))
        for waiting, outcome in zip(group, outcomes, strict=False):
            _settle(waiting.outcome, outcome)
            self._tell(waiting.workspace, outcome.told)
        if self.happening_listener is not None and any(outcome.has_happened for outcome in outcomes):
            self.happening_listener()

    def _is_hurried(self) -> bool:
        """Whether somebody who goes first waits; asked from the disk's thread."""
        return bool(self._first)

    def _tell(self, workspace: str, runs: tuple[str, ...]) -> None:
        if self.listener is not None:
            for run in runs:
                self.listener(workspace, run)

    async def _keep_log_short(self) -> None:
        """Make a checkpoint if one is due, while the next groups are written; they wait for it once the log is long.

        A log to which something is added all the time is never empty, and grows as long as nobody waits.
        """
        if not self._is_broken and self._checkpointing is None and self._database.is_checkpoint_due():
            self._checkpointing = asyncio.create_task(self._checkpoint(), name="store checkpoint")
        if self._checkpointing is not None and (self._log_disk is None or self._database.is_log_long):
            await asyncio.wait((self._checkpointing,))

    async def _checkpoint(self) -> None:
        try:
            await (self._log_disk or self._disk).run(self._database.checkpoint)
        except Exception as error:  # noqa: BLE001 -- unless the disk is broken, the log keeps everything until the next one
            self.stop_if_broken(error)
        finally:
            self._checkpointing = None


def _take_from(line: deque[_Waiting]) -> list[_Waiting]:
    """Take a group of those who still want to hear of it."""
    group: list[_Waiting] = []
    while line and len(group) < GROUP_LIMIT:
        waiting = line.popleft()
        if not waiting.outcome.done():
            group.append(waiting)
    return group


def _settle(future: asyncio.Future[object], outcome: Outcome) -> None:
    if future.done():  # its caller was cancelled
        return
    if outcome.error is None:
        future.set_result(outcome.result)
    else:
        future.set_exception(outcome.error)
