"""What waiting costs: an idle service, and one with ten thousand runs that wait for approval.

Run it on a quiet machine: `python -m bench.waiting [runs]`. It starts the real `soar serve` on a temporary database, on
Linux, and reads what it costs from `/proc`.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from soar.app.log import configure_log
from soar.app.settings import load_settings
from soar.app.site import read_site
from soar.app.wiring import Service, open_service
from soar.engine.events import RunStarted, dump_event
from soar.model.approval import ApprovalStatus
from soar.model.run import Mode, Run, RunStatus
from soar.store import Unit
from tests.support.builders import build_user
from tests.support.server import Server
from tests.support.site import SiteFolder, write_site

RUNS = 10_000
SAMPLE = 10.0
SOON = 200
"""Runs whose questions expire while the bench looks on."""

_TICKS = os.sysconf("SC_CLK_TCK")
_BATCH = 500
_PATIENCE = 45.0
_GRACE = 3.0
_PLAYBOOK = """
name: Ask
on: {manual: {}}
inputs:
  n: {type: int}
timeout: 30d
steps:
  - uses: chat.post
    with: {channel: "#said", text: "yes to ${{ inputs.n }}"}
    approve: {by: role:analyst, reason: "number ${{ inputs.n }}", timeout: TIMEOUT}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process takes: seconds from its start until it is ready, MiB, CPU seconds a minute, threads."""

    ready: float
    memory: float
    cpu: float
    threads: int


def start(site: SiteFolder) -> tuple[Server, float]:
    """Start the service; return it and the seconds until it was ready."""
    begun = time.monotonic()
    server, _ = site.serve()
    return server, time.monotonic() - begun


def observe(server: Server, ready: float) -> Cost:
    """Watch a process that has nothing to do."""
    process = server.process.pid
    time.sleep(2.0)  # what a start leaves to do is none of idling
    before = read_cpu(process)
    time.sleep(SAMPLE)
    cpu = (read_cpu(process) - before) * 60 / SAMPLE
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines())
    return Cost(ready, int(status["VmRSS"].split()[0]) / 1024, cpu, int(status["Threads"]))


def read_cpu(process: int) -> float:
    """Return the CPU seconds that a process has used (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def add_analyst(site: SiteFolder) -> None:
    """Make somebody whom the gates can ask: a question that nobody could answer is refused at once."""
    analyst = build_user(id="u_ann", name="ann", email="ann@corp.example", roles=frozenset({"analyst"}))
    async with open_service(read_site(load_settings(site.settings_file)), "http://127.0.0.1") as service:
        await service.store.write(service.workspace, lambda unit: unit.users.add(analyst))


async def fill(site: SiteFolder, playbook: str, count: int) -> tuple[float, int]:
    """Start runs and drive them to their gates; return the seconds that took, and how many tasks that has left."""
    begun = time.monotonic()
    async with open_service(read_site(load_settings(site.settings_file)), "http://127.0.0.1") as service:
        await service.refresh_library()
        await service.recover()
        before = len(asyncio.all_tasks())
        for first in range(0, count, _BATCH):
            numbers = range(first, min(first + _BATCH, count))
            await service.store.write(service.workspace, request_runs(service, playbook, numbers))
            while service.queue.size:  # noqa: ASYNC110 -- the queue tells nobody that it is empty
                await asyncio.sleep(0.05)
        return time.monotonic() - begun, len(asyncio.all_tasks()) - before


def request_runs(service: Service, playbook: str, numbers: range) -> Callable[[Unit], None]:
    """Return the work that requests a run of a playbook for each number."""
    at, revision = service.clock.now(), service.library.current()[playbook].revision

    def add(unit: Unit) -> None:
        for number in numbers:
            run = Run(
                id=service.ids.new("run"),
                playbook=playbook,
                revision=revision,
                mode=Mode.LIVE,
                status=RunStatus.QUEUED,
                alert=None,
                case=None,
                initiator="source:probe",
                inputs={"n": number},
                created_at=at,
            )
            unit.runs.add(run)
            unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)

    return add


async def look(site: SiteFolder) -> tuple[int, list[float]]:
    """Return how many questions are open, and by how many seconds the others expired too late."""

    def count(unit: Unit) -> tuple[int, list[float]]:
        asked = unit.approvals.list(2 * RUNS).items
        expired = [each for each in asked if each.status is ApprovalStatus.EXPIRED and each.decided_at is not None]
        late = [(each.decided_at - each.expires_at).total_seconds() for each in expired if each.decided_at]
        return sum(each.status is ApprovalStatus.PENDING for each in asked), late

    async with open_service(read_site(load_settings(site.settings_file)), "http://127.0.0.1") as service:
        return await service.store.read(service.workspace, count)


def show(name: str, cost: Cost) -> None:
    print(f"{name:<28}{cost.ready:>10.2f}{cost.memory:>10.0f}{cost.cpu:>12.2f}{cost.threads:>10}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    configure_log("error")
    with tempfile.TemporaryDirectory() as place:
        site = write_site(Path(place), "http://127.0.0.1:9")
        (Path(place) / "playbooks" / "probe.yaml").unlink()
        for playbook, timeout in (("late", "1d"), ("soon", f"{_PATIENCE:.0f}s")):
            text = _PLAYBOOK.replace("TIMEOUT", timeout)
            (Path(place) / "playbooks" / f"{playbook}.yaml").write_text(text, "utf-8")
        asyncio.run(add_analyst(site))
        print(f"{'':28}{'ready s':>10}{'MiB':>10}{'CPU s/min':>12}{'threads':>10}")
        server, ready = start(site)
        show("nothing to do", observe(server, ready))
        server.stop()
        seconds, left = asyncio.run(fill(site, "late", count))
        asyncio.run(fill(site, "soon", SOON))
        due = time.monotonic() + _PATIENCE
        server, ready = start(site)
        show(f"{count:,} wait for approval", observe(server, ready))
        time.sleep(max(due - time.monotonic(), 0.0) + _GRACE)
        server.stop()
        waiting, late = asyncio.run(look(site))
        print(f"{count / seconds:,.0f} runs a second to their gates; tasks of asyncio that they keep: {left}")
        print(f"{waiting:,} still wait; {len(late)} of {SOON} expired, {min(late):.2f} to {max(late):.2f} s late")


if __name__ == "__main__":
    main()
