"""A storm: one source sends ten times what the service takes; what becomes of its alerts, and of everybody else's.

First the capacity is measured: how many alerts a second are accepted at full speed. Then a quiet source sends a few a
second, alone, and then while a loud one has ten times the capacity to send, for so many seconds, over 256 connections
that honour `Retry-After`, until all of that is accepted. Then the service is stopped and what it has stored is counted;
nobody waits for the runs that are left of the storm. Everything shares the machine's cores, also the load generators.
It leaves with 1 if an alert was lost.

`python -m bench.storm [--seconds 60] [--rate 200] [--json FILE]`, on Linux. The storm lasts until all is accepted: ten
times as long at least, and as long as the loud source's rate lets it last. At 600 alerts a second of capacity and a
rate of 200, sixty seconds' storm is half an hour; a rate beyond the capacity leaves everything to the bound on what
comes in at once. How far it is, is said every half minute.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.standard.processes import Running, call, serving
from bench.standard.site import LOUD_RATE
from bench.work import POLL, STALL, find_latency

KEY = "a-key-for-the-storm"
TIMES = 10
CONNECTIONS = 256
CAPACITY_ALERTS = 1_000
CAPACITY_CONNECTIONS = 64
QUIET_RATE = 4
QUIET_SECONDS = 20
QUIET_PIECE = 5.0
PROGRESS = 30.0
MOST_MEMORY = 512.0
STORM_FIRST, QUIET_FIRST = 1_000_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Delay:
    """Milliseconds in which half of them were there, and nine in ten."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of one storm.

    Attributes:
        capacity: alerts accepted a second at full speed.
        sent: alerts of the storm.
        accepted: those answered with 202; `stored` are those in the database.
        over_rate: answers 429, `full`: answers 503, and `bare_refusals` those without `Retry-After`.
        seconds: from the storm's first alert to its last 202.
        memory: MiB that the service held at most.
        start_alone: from the quiet source's alerts to the starts of their runs, before the storm; `start_storm` in it.
        quiet_sent: alerts that the quiet source sent in the storm.
        quiet_refused: how often the quiet source was told to come back in the storm.
        p50_alone: milliseconds in which half of the quiet source's alerts were accepted; `p50_storm` in the storm.
    """

    capacity: float
    sent: int
    accepted: int
    stored: int
    over_rate: int
    full: int
    bare_refusals: int
    seconds: float
    memory: float
    start_alone: Delay
    start_storm: Delay
    quiet_sent: int
    quiet_refused: int
    p50_alone: float
    p50_storm: float

    @property
    def lost(self) -> int:
        """How many alerts of the storm were not accepted, or were and are not there."""
        return self.sent - min(self.accepted, self.stored)


class Storm:
    """A service while it is stormed.

    Args:
        service: its process.
        database: its file.
    """

    def __init__(self, service: Running, database: Path) -> None:
        self._service = service
        self._database = database
        self._next_quiet = QUIET_FIRST

    def measure_capacity(self) -> float:
        """Return how many alerts a second are accepted at full speed."""
        load = (str(self._service.port), KEY, "1", str(CAPACITY_ALERTS), str(CAPACITY_CONNECTIONS), "0")
        sent = json.loads(call("load", *load))
        begun, ended = min(moment for _, moment, _, _ in sent), max(answered for _, _, answered, _ in sent)
        self.await_runs()
        return CAPACITY_ALERTS / (ended - begun)

    def await_runs(self, waiting: str = "finished_at IS NULL") -> None:
        """Wait until no run is like this any more, or nothing more happens."""
        left, moved = -1, time.perf_counter()
        while left != 0 and time.perf_counter() - moved < STALL:
            before = left
            ((left,),) = self._query(f"SELECT count(*) FROM runs WHERE {waiting}")  # noqa: S608 -- our own words
            if left != before:
                moved = time.perf_counter()
            time.sleep(POLL)

    def send_quietly(self, seconds: float) -> tuple[dict[str, Any], range]:
        """Send a few alerts a second from the quiet source; return what came of them, and their numbers."""
        numbers = range(self._next_quiet, self._next_quiet + int(QUIET_RATE * seconds))
        self._next_quiet = numbers.stop
        arguments = self._order("quiet", numbers.start, len(numbers), 4, QUIET_RATE)
        return json.loads(call("flood", *arguments)), numbers

    def send_throughout(self, flood: Future[bytes], count: int) -> tuple[Counter[str], list[float], list[range]]:
        """Send a few a second from the quiet source as long as the storm lasts; what outlasts it does not count.

        Returns:
            How often each status was answered, the latencies, and the numbers of the alerts.
        """
        statuses, latencies, spans = Counter[str](), list[float](), list[range]()
        begun = told = time.perf_counter()
        while not spans or not flood.done():
            tally, numbers = self.send_quietly(QUIET_PIECE)
            if not spans or not flood.done():
                statuses.update(tally["statuses"])
                latencies += tally["latencies"]
                spans.append(numbers)
            if time.perf_counter() - told > PROGRESS:
                told = time.perf_counter()
                self._tell_progress(told - begun, count)
        return statuses, latencies, spans

    def _tell_progress(self, seconds: float, count: int) -> None:
        ((stored,),) = self._query("SELECT max(rowid) FROM alerts")
        print(f"{seconds:,.0f} s: {stored:,} alerts stored, {count:,} are sent", file=sys.stderr, flush=True)

    def begin(self, capacity: float, seconds: float, pool: Executor) -> tuple[Future[bytes], int]:
        """Let the storm begin; return what will become of it, and how many alerts it has."""
        count = int(TIMES * capacity * seconds)
        arguments = self._order("loud", STORM_FIRST, count, CONNECTIONS, TIMES * capacity)
        return pool.submit(call, "flood", *arguments), count

    def _order(self, source: str, first: int, count: int, connections: int, rate: float) -> tuple[str, ...]:
        return (str(self._service.port), KEY, source, str(first), str(count), str(connections), str(rate))

    def find_start_delay(self, *spans: range) -> Delay:
        """Return how long it was from an alert of the quiet source to the start of its run."""
        rows = self._query(
            "SELECT alerts.raw, alerts.received_at, runs.started_at FROM alerts JOIN runs ON runs.alert = alerts.id "
            "WHERE alerts.source = 'quiet' AND runs.started_at IS NOT NULL"
        )
        delays = sorted(
            (datetime.fromisoformat(started) - datetime.fromisoformat(received)).total_seconds() * 1000
            for raw, received, started in rows
            if any(json.loads(raw)["number"] in numbers for numbers in spans)
        )
        if len(delays) < sum(map(len, spans)):
            raise SystemExit(f"only {len(delays)} of {sum(map(len, spans))} quiet alerts have begun to run")
        return Delay(median(delays), delays[len(delays) * 9 // 10])

    def count_stored(self) -> int:
        """Return how many alerts of the storm are stored."""
        ((count,),) = self._query(
            "SELECT count(DISTINCT json_extract(raw, '$.number')) FROM alerts WHERE source = 'loud'"
        )
        return int(count)

    def _query(self, words: str) -> Sequence[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            return connection.execute(words).fetchall()


def measure(folder: Path, seconds: float, rate: float) -> Report:
    """Start everything, let it storm, and end it all."""
    with serving("stubs") as stubs, _serving(folder, stubs, rate) as service:
        storm = Storm(service, folder / "soar.db")
        capacity = storm.measure_capacity()
        before, early = storm.send_quietly(QUIET_SECONDS)
        with ThreadPoolExecutor(1) as pool:
            flood, count = storm.begin(capacity, seconds, pool)
            statuses, latencies, within = storm.send_throughout(flood, count)
        tally = json.loads(flood.result())
        memory = service.read_memory("VmHWM")
        storm.await_runs("started_at IS NULL AND initiator = 'source:quiet'")
    return Report(
        capacity=capacity,
        sent=count,
        accepted=tally["statuses"].get("202", 0),
        stored=storm.count_stored(),
        over_rate=tally["statuses"].get("429", 0),
        full=tally["statuses"].get("503", 0),
        bare_refusals=tally["bare_refusals"],
        seconds=tally["seconds"],
        memory=memory,
        start_alone=storm.find_start_delay(early),
        start_storm=storm.find_start_delay(*within),
        quiet_sent=sum(map(len, within)),
        quiet_refused=sum(number for status, number in statuses.items() if status != "202"),
        p50_alone=find_latency(before["latencies"]).p50,
        p50_storm=find_latency(latencies).p50,
    )


def _serving(folder: Path, stubs: Running, rate: float) -> AbstractContextManager[Running]:
    return serving("service", str(folder), f"http://127.0.0.1:{stubs.port}", KEY, "", str(rate))


def print_table(report: Report) -> None:
    rows = (
        ("capacity, alerts/s", f"{report.capacity:,.0f}", ""),
        ("alerts of the storm", f"{report.sent:,}", f"in {report.seconds:,.0f} s"),
        ("accepted", f"{report.accepted:,}", ""),
        ("lost", f"{report.lost:,}", _judge(report.lost == 0)),
        ("told to come back: over its rate", f"{report.over_rate:,}", ""),
        ("told to come back: too much at once", f"{report.full:,}", ""),
        ("refused without a time", f"{report.bare_refusals:,}", _judge(report.bare_refusals == 0)),
        ("memory at most, MiB", f"{report.memory:,.0f}", _judge(report.memory < MOST_MEMORY)),
        ("quiet source: half begun alone, ms", f"{report.start_alone.p50:,.1f}", ""),
        ("quiet source: half begun in the storm, ms", f"{report.start_storm.p50:,.1f}", _judge_ratio(report, 2.0)),
        ("quiet source: nine in ten begun alone, ms", f"{report.start_alone.p90:,.1f}", ""),
        ("quiet source: nine in ten begun in the storm, ms", f"{report.start_storm.p90:,.1f}", ""),
        ("quiet source: alerts sent in the storm", f"{report.quiet_sent:,}", ""),
        ("quiet source: told to come back", f"{report.quiet_refused:,}", ""),
        ("quiet source: half accepted alone, ms", f"{report.p50_alone:,.1f}", ""),
        ("quiet source: half accepted in the storm, ms", f"{report.p50_storm:,.1f}", ""),
    )
    for name, figure, told in rows:
        print(f"{name:50}{figure:>12}  {told}")


def _judge_ratio(report: Report, most: float) -> str:
    return _judge(report.start_storm.p50 <= most * report.start_alone.p50)


def _judge(is_good: bool) -> str:  # noqa: FBT001 -- what is judged
    return "as promised" if is_good else "NOT as promised"


def main() -> int:
    """Let it storm, and return the exit code."""
    parser = argparse.ArgumentParser(description="A storm, and what it does to everybody else.")
    parser.add_argument("--seconds", type=float, default=5, help="how long ten times the capacity comes into being")
    parser.add_argument("--rate", type=float, default=LOUD_RATE, help="alerts a second that the loud source may send")
    parser.add_argument("--folder", help="where the database is made; a temporary folder otherwise")
    parser.add_argument("--json", type=Path, help="a file for the figures, beside the table")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as place:
        report = measure(Path(place), wanted.seconds, wanted.rate)
    print_table(report)
    if wanted.json:
        wanted.json.write_text(json.dumps(asdict(report), indent=2) + "\n", "utf-8")
    return 1 if report.lost else 0


if __name__ == "__main__":
    sys.exit(main())
