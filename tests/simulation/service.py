"""The service of a simulated world: a `World` with hooks for alerts, and somebody who watches its commits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from soar.app.callee import make_caller
from soar.ingest.receive import Receiver
from soar.ingest.source import parse_source
from soar.model.errors import UnavailableError
from soar.model.secret import Secret
from soar.runtime.driver import Driver
from soar.store import Unit
from tests.simulation.products import Products
from tests.simulation.watch import WatchedCommitter
from tests.support.inline_reader import InlineReader
from tests.support.network import VirtualEgress
from tests.support.world import WORKSPACE, World

T = TypeVar("T")

SOURCE = parse_source(
    {
        "auth": {"bearer": {"secret": "siem-key"}},
        "alert": {"title": "'seen'", "labels": {"user": "raw.user", "level": "raw.level"}},
    },
    "siem",
)


class SimulatedWorld(World):
    """One process of the service, with somebody watching."""

    def build_committer(self) -> WatchedCommitter:
        committer = WatchedCommitter(
            approvals=self.approvals,
            responses=self.responses,
            policy=self.policy,
            ids=self.ids,
            call=make_caller(lambda: self.playbooks, self.requests),
            rights=None,
        )
        assert isinstance(self.host, Products)
        committer.watch = self.host.watch
        return committer

    def build_driver(self) -> Driver:
        """Return a driver that parses no playbook which another process of this world has parsed."""
        driver = super().build_driver()
        assert isinstance(self.host, Products)
        driver._planner._programs = self.host.programs
        return driver

    @property
    def receiver(self) -> Receiver:
        """What takes alerts in."""
        return Receiver(
            store=self.mortal,
            workspace=WORKSPACE,
            sources={SOURCE.id: SOURCE},
            playbooks=lambda: self.playbooks,
            resolve=_find_no_key,
            egress=VirtualEgress(),
            config={},
            url="http://soar.test",
            reader=InlineReader(),
            clock=self.clock,
            ids=self.ids,
            announcer=self.announcer,
        )

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self.mortal.died.is_set()

    @property
    def faults(self) -> list[str]:
        """What drivers reported that no outage explains."""
        return [repr(error) for error in self.reports if not isinstance(error, UnavailableError)]

    def die_after(self, writes: int, *, is_written: bool) -> None:
        """Let the process end at one of its next writes."""
        self.mortal._last, self.mortal._is_written = self.mortal.writes + writes, is_written

    async def race(self, deed: Awaitable[None]) -> None:
        """Do something that is let go of when the process ends."""
        doing = asyncio.ensure_future(deed)
        death = asyncio.create_task(self.mortal.died.wait(), name="death")
        await asyncio.wait((doing, death), return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if not doing.done():
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            return
        await doing

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Write as the process does: nobody hears of it if that ends meanwhile."""
        return await self.mortal.write(WORKSPACE, work)

    def kick(self) -> None:
        """Let timers and events be looked at now."""
        self.timers.kick()
        self.courier.kick()


async def _find_no_key(_workspace: str, name: str) -> tuple[Secret, ...]:
    raise AssertionError(f"nobody has to prove themselves by {name} here")
