"""The standard work: a signed alert of 1 KB comes in, and a playbook acts on three products; what that costs.

The playbook sets three fields, asks a reputation service, tests the score, blocks an address on a firewall (a write,
with intent and outcome on the disk) and posts to a chat. It is finished when the chat has it. The service, the load
generator and the products are processes of one machine and speak over its loopback, so they share its cores. A bare
asyncio loop makes the same calls through the same HTTP client and writes nothing down; it is measured in the same run,
before and after. On a machine that others use too, processor time says more than rates.

`python -m bench.work [--burst 10000] [--json FILE]`, on Linux. `--where` prints instead which part of the service takes
how much of a run's processor time; measuring that takes some of it, too. `--folder` decides which disk is measured;
fsync on a memory file system costs nothing and shows nothing.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.standard.processes import Running, call, serving
from bench.standard.timed import FILE

KEY = "a-key-for-the-standard-work"
BARE_RUNS = 1_000
BARE_CONCURRENCY = 64
CONNECTIONS = 64
WARM_UP = 200
STEADY_RATE = 10
STEADY_SECONDS = 6
STALL = 10.0
POLL = 0.1


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half, 95 % and 99 % stay within."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What came of some alerts.

    Attributes:
        accepted_rate: answered alerts a second, from the first one sent to the last one answered.
        finished_rate: messages in the chat a second, from the first alert sent to the last message.
        accept: from sending to the answer.
        finish: from sending to the message in the chat.
        cpu: milliseconds of the service's processor time for each run.
        refused: answers that asked to send again later.
        lost: alerts that were accepted and are not in the chat.
        repeated: messages that the chat got more than once.
    """

    alerts: int
    accepted_rate: float
    finished_rate: float
    accept: Latency
    finish: Latency
    cpu: float
    refused: int
    lost: int
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of one run.

    Attributes:
        bare_rate: runs a second of the bare loop, the mean of before and after.
        bare_cpu: milliseconds of the bare loop's processor time for each run.
        ratio: finished at full speed, as a share of the bare loop's rate.
        memory: MiB that the service held at the end.
        memory_most: MiB that it held at most.
    """

    steady: Phase
    burst: Phase
    bare_rate: float
    bare_cpu: float
    ratio: float
    memory: float
    memory_most: float


class Bench:
    """A service and its products while they run.

    Args:
        service: the service's process.
        stubs: the products' process.
        stall: seconds without one more message, after which no more is waited for.
    """

    def __init__(self, service: Running, stubs: Running, stall: float = STALL) -> None:
        self._service = service
        self._stubs = stubs
        self._stall = stall
        self._next = 1

    def measure(self, alerts: int, *, connections: int, rate: float = 0) -> Phase:
        """Send alerts and wait until all are in the chat, or nothing more comes."""
        ask(self._stubs.port, "POST", "/forget")
        cpu = self._service.read_cpu()
        load = (str(self._service.port), KEY, str(self._next), str(alerts), str(connections), str(rate))
        self._next += alerts
        sent = json.loads(call("load", *load))
        self._await_chat(alerts)
        cpu = self._service.read_cpu() - cpu
        return summarize(sent, ask(self._stubs.port, "GET", "/received"), cpu)

    def count(self) -> int:
        """Return how many messages the chat has of this phase."""
        return int(ask(self._stubs.port, "GET", "/count")["count"])

    def _await_chat(self, alerts: int) -> None:
        seen, moved = 0, time.perf_counter()
        while seen < alerts and time.perf_counter() - moved < self._stall:
            time.sleep(POLL)
            before, seen = seen, self.count()
            if seen > before:
                moved = time.perf_counter()


def summarize(sent: Sequence[Sequence[float]], received: dict[str, list[float]], cpu: float) -> Phase:
    """Return the figures of one phase."""
    begun = min(moment for _, moment, _, _ in sent)
    ends = {number: received.get(str(number), []) for number, _, _, _ in sent}
    last = max((moment for moments in ends.values() for moment in moments), default=begun)
    finished = sum(bool(moments) for moments in ends.values())
    return Phase(
        alerts=len(sent),
        accepted_rate=len(sent) / (max(answered for _, _, answered, _ in sent) - begun),
        finished_rate=finished / (last - begun) if finished else 0.0,
        accept=find_latency([answered - moment for _, moment, answered, _ in sent]),
        finish=find_latency([ends[number][0] - moment for number, moment, _, _ in sent if ends[number]]),
        cpu=cpu * 1000 / len(sent),
        refused=int(sum(refused for _, _, _, refused in sent)),
        lost=len(sent) - finished,
        repeated=sum(len(moments) > 1 for moments in ends.values()),
    )


def find_latency(seconds: Sequence[float]) -> Latency:
    """Return the percentiles; no figures at all are no latency."""
    ordered = sorted(seconds) or [0.0]
    return Latency(*(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1000 for share in (50, 95, 99)))


def ask(port: int, method: str, path: str) -> Any:  # noqa: ANN401 -- JSON of the caller's own shape
    """Ask the products' process."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def measure_bare(stubs: Running) -> tuple[float, float]:
    """Return the bare loop's runs a second, and the milliseconds of processor time for each."""
    arguments = (f"http://127.0.0.1:{stubs.port}", "1", str(BARE_RUNS), str(BARE_CONCURRENCY))
    taken, used = map(float, call("bare", *arguments).split())
    return BARE_RUNS / taken, used * 1000 / BARE_RUNS


def measure(folder: Path, burst: int) -> Report:
    """Start everything, measure, and end it all."""
    with serving("stubs") as stubs:
        before = measure_bare(stubs)
        with serving("service", str(folder), f"http://127.0.0.1:{stubs.port}", KEY) as service:
            bench = Bench(service, stubs)
            if bench.measure(WARM_UP, connections=CONNECTIONS).lost:
                raise SystemExit("the service does not do the standard work, so nothing is measured")
            steady = bench.measure(STEADY_RATE * STEADY_SECONDS, connections=CONNECTIONS, rate=STEADY_RATE)
            full = bench.measure(burst, connections=CONNECTIONS)
            memory, most = service.read_memory(), service.read_memory("VmHWM")
        rate, used = map(fmean, zip(before, measure_bare(stubs), strict=True))
    return Report(
        steady=steady,
        burst=full,
        bare_rate=rate,
        bare_cpu=used,
        ratio=full.finished_rate / rate,
        memory=memory,
        memory_most=most,
    )


def measure_parts(folder: Path, burst: int) -> tuple[Phase, dict[str, tuple[int, float]]]:
    """Return what came of alerts at full speed, and the calls and seconds of each part of the service."""
    with (
        serving("stubs") as stubs,
        serving("timed", str(folder), f"http://127.0.0.1:{stubs.port}", KEY) as service,
    ):
        bench = Bench(service, stubs)
        bench.measure(WARM_UP, connections=CONNECTIONS)
        os.kill(service.pid, signal.SIGUSR1)
        phase = bench.measure(burst, connections=CONNECTIONS)
    return phase, json.loads((folder / FILE).read_text("utf-8"))


def print_parts(phase: Phase, parts: dict[str, tuple[int, float]]) -> None:
    print(f"{'':42}{'calls a run':>12}{'ms a run':>10}{'share':>8}")
    rest = phase.cpu - sum(seconds for _, seconds in parts.values()) * 1000 / phase.alerts
    for name, (calls, seconds) in sorted(parts.items(), key=lambda part: -part[1][1]):
        spent = seconds * 1000 / phase.alerts
        print(f"{name:42}{calls / phase.alerts:>12.2f}{spent:>10.2f}{spent / phase.cpu:>8.0%}")
    print(f"{'all else, most of it the loop itself':42}{'':12}{rest:>10.2f}{rest / phase.cpu:>8.0%}")
    print(f"{'together':42}{'':12}{phase.cpu:>10.2f}")


def print_table(report: Report) -> None:
    print(f"{'':34}{f'{STEADY_RATE}/s':>10}{'full speed':>12}")
    steady, burst = report.steady, report.burst
    rows = (
        ("alerts", steady.alerts, burst.alerts),
        ("accepted/s", steady.accepted_rate, burst.accepted_rate),
        ("finished/s", steady.finished_rate, burst.finished_rate),
        *_list_latencies("accepted", steady.accept, burst.accept),
        *_list_latencies("finished", steady.finish, burst.finish),
        ("processor time a run, ms", steady.cpu, burst.cpu),
        ("refused for now", steady.refused, burst.refused),
        ("lost", steady.lost, burst.lost),
        ("finished twice", steady.repeated, burst.repeated),
    )
    for name, slow, fast in rows:
        form = "," if isinstance(slow, int) else ",.1f"
        print(f"{name:34}{slow:>10{form}}{fast:>12{form}}")
    print(f"{'memory, MiB: at the end, at most':34}{report.memory:>10.0f}{report.memory_most:>12.0f}")
    print(f"{'bare loop, runs/s; our share':34}{report.bare_rate:>10,.0f}{report.ratio:>12.2f}")
    print(f"{'its processor time a run, ms':34}{report.bare_cpu:>10.1f}")


def _list_latencies(what: str, slow: Latency, fast: Latency) -> list[tuple[str, float, float]]:
    return [(f"{what} within, ms: {share}", getattr(slow, share), getattr(fast, share)) for share in asdict(slow)]


def main() -> None:
    parser = argparse.ArgumentParser(description="The standard work, measured.")
    parser.add_argument("--burst", type=int, default=1_000, help="alerts at full speed")
    parser.add_argument("--folder", help="where the database is made; a temporary folder otherwise")
    parser.add_argument("--where", action="store_true", help="print what each part of the service takes")
    parser.add_argument("--json", type=Path, help="a file for the figures, beside the table")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as place:
        if wanted.where:
            print_parts(*measure_parts(Path(place), wanted.burst))
            return
        report = measure(Path(place), wanted.burst)
    print_table(report)
    if wanted.json:
        wanted.json.write_text(json.dumps(asdict(report), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
