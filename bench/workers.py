"""The standard work on PostgreSQL by one, two and four workers; and how long the runs of a killed one stand still.

One process serves and drives nothing; the workers are `soar worker` with the settings that are shipped. Everything is
on one machine, the server, the load and the products too, so more workers help as far as there are idle cores. The
server is one of our own, with `fsync` on, on the disk that holds temporary files; its processor time is not counted.

Then one of two workers is killed under load. Its runs stand still until its lease is over and the other one has taken
them. Afterwards a call that was under way in it is an unknown outcome where it could not be repeated, and its run waits
for people, without a message in the chat. This ends with 1 unless every run went on within half a minute.

`python -m bench.workers [--burst 300]`, on Linux.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from bench.standard.processes import Running, serving
from bench.work import CONNECTIONS, KEY, WARM_UP, Bench, Phase, measure_bare
from tests.support.postgres import PostgresServer, start_postgres
from tests.support.server import Server
from tests.support.site import SiteFolder

CREWS = (1, 2, 4)
PROMISE = 30.0  # seconds until the runs of a killed worker go on
STALL = 2 * PROMISE
POLL = 0.05
_WORKER = r'"worker":"(\w+)"'
_AT_REST = "('succeeded', 'failed', 'waiting')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A site that is served, and those who drive its runs."""

    bench: Bench
    workers: Sequence[Server]
    database: str

    def read_cpu(self) -> float:
        """Return the seconds of processor time that the workers have used so far."""
        return sum(Running(worker.process.pid, 0).read_cpu() for worker in self.workers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What came of a killed worker's runs.

    Attributes:
        held: how many it held.
        taken: seconds from the kill until another one held the last of them that had not ended.
        ended: seconds until the last of them had ended, or waited for people.
        in_doubt: runs that wait for somebody to say what a call did.
        failed: runs that failed, for which there is no reason here.
        lost: alerts that are not in the chat.
        repeated: messages that the chat got more than once.
    """

    held: int
    taken: float
    ended: float
    in_doubt: int
    failed: int
    lost: int
    repeated: int


@contextmanager
def open_crew(postgres: PostgresServer, stubs: Running, count: int) -> Iterator[Crew]:
    """Start a site on a database of its own, warm it up, and end it at last."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(postgres.create())
        products = f"http://127.0.0.1:{stubs.port}"
        face = stack.enter_context(serving("service", str(folder), products, KEY, url))
        workers = [start_worker(SiteFolder(folder, url), stack) for _ in range(count)]
        bench = Bench(face, stubs, STALL)
        if bench.measure(WARM_UP, connections=CONNECTIONS).lost:
            raise SystemExit("the service does not do the standard work, so nothing is measured")
        yield Crew(bench=bench, workers=workers, database=url.partition("@/")[2].partition("?")[0])


def start_worker(site: SiteFolder, stack: ExitStack) -> Server:
    """Start a worker that is ended with the others."""
    worker = site.work(environment={"SOAR_LOG__LEVEL": "info"})
    stack.callback(worker.kill)
    return worker


def measure(postgres: PostgresServer, stubs: Running, count: int, burst: int) -> tuple[Phase, float]:
    """Return the figures of a crew, and the milliseconds of its processor time for each run, the face's included."""
    with open_crew(postgres, stubs, count) as crew:
        before = crew.read_cpu()
        phase = crew.bench.measure(burst, connections=CONNECTIONS)
        return phase, phase.cpu + (crew.read_cpu() - before) * 1000 / burst


def measure_takeover(postgres: PostgresServer, stubs: Running, burst: int) -> Takeover:
    """Kill one of two workers under load, and watch its runs."""
    with open_crew(postgres, stubs, 2) as crew, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(crew.bench.measure, burst, connections=CONNECTIONS)
        while not sending.done() and crew.bench.count() < burst // 4:
            time.sleep(POLL)
        victim = crew.workers[0]
        holds = f"FROM handouts WHERE worker = '{victim.find(_WORKER)}'"
        victim.kill()
        killed = time.perf_counter()
        runs = postgres.psql(f"SELECT run {holds}", crew.database).split()
        if not runs:
            raise SystemExit("the worker held no run when it was killed; let it be more alerts")
        of_these = ", ".join(f"'{run}'" for run in runs)
        taken = await_none(postgres, crew.database, f"SELECT count(*) {holds}") - killed
        is_open = f"SELECT count(*) FROM runs WHERE id IN ({of_these}) AND status NOT IN {_AT_REST}"  # noqa: S608 -- our ids
        ended = await_none(postgres, crew.database, is_open) - killed
        phase = sending.result()
        in_doubt, failed = (
            int(postgres.psql(f"SELECT count(*) FROM runs WHERE status = '{status}'", crew.database))  # noqa: S608 -- our words
            for status in ("waiting", "failed")
        )
    return Takeover(
        held=len(runs),
        taken=taken,
        ended=ended,
        in_doubt=in_doubt,
        failed=failed,
        lost=phase.lost,
        repeated=phase.repeated,
    )


def await_none(postgres: PostgresServer, database: str, words: str) -> float:
    """Return the moment at which a count came to nothing; one that does not ends it all."""
    begun = time.perf_counter()
    while postgres.psql(words, database) != "0":
        if time.perf_counter() - begun > STALL:
            raise SystemExit(f"waited {STALL:.0f} s in vain: {words}")
        time.sleep(POLL)
    return time.perf_counter()


def print_crews(figures: Sequence[tuple[Phase, float]], bare: float) -> None:
    print(f"{'workers':34}" + "".join(f"{count:>10}" for count in CREWS))
    rows = (
        ("alerts", [f"{phase.alerts:,}" for phase, _ in figures]),
        ("accepted/s", [f"{phase.accepted_rate:,.1f}" for phase, _ in figures]),
        ("finished/s", [f"{phase.finished_rate:,.1f}" for phase, _ in figures]),
        ("  as a share of the bare loop's", [f"{phase.finished_rate / bare:.2f}" for phase, _ in figures]),
        ("processor time a run, ms", [f"{cpu:,.1f}" for _, cpu in figures]),
        ("lost", [str(phase.lost) for phase, _ in figures]),
        ("finished twice", [str(phase.repeated) for phase, _ in figures]),
    )
    for name, cells in rows:
        print(f"{name:34}" + "".join(f"{cell:>10}" for cell in cells))
    print(f"{'bare loop, runs/s':34}{bare:>10,.0f}\n")


def print_takeover(takeover: Takeover) -> None:
    print("one of two workers, killed under load")
    rows = (
        ("runs that it held", f"{takeover.held}"),
        ("with another one within, s", f"{takeover.taken:.1f}"),
        ("over, or waiting for people, within, s", f"{takeover.ended:.1f}"),
        ("runs with an unknown outcome", f"{takeover.in_doubt}"),
        ("runs that failed", f"{takeover.failed}"),
        ("not in the chat", f"{takeover.lost}"),
        ("in the chat twice", f"{takeover.repeated}"),
    )
    for name, cell in rows:
        print(f"{name:34}{cell:>10}")


def main() -> int:
    parser = argparse.ArgumentParser(description="The standard work by several workers, measured.")
    parser.add_argument("--burst", type=int, default=300, help="alerts at full speed, for each number of workers")
    burst = parser.parse_args().burst
    with serving("stubs") as stubs, start_postgres(is_durable=True) as postgres:
        before, _ = measure_bare(stubs)
        figures = [measure(postgres, stubs, count, burst) for count in CREWS]
        after, _ = measure_bare(stubs)
        print_crews(figures, fmean((before, after)))
        takeover = measure_takeover(postgres, stubs, burst)
    print_takeover(takeover)
    return 0 if takeover.ended < PROMISE and not takeover.failed else 1


if __name__ == "__main__":
    sys.exit(main())
