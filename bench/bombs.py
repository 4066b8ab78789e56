"""What bodies cost that are made to cost much, and what they cost everybody else.

First the processor time and the memory of reading each. Then a service as `soar serve` runs it, with a quiet source
that sends so many alerts a second, in turns alone and beside bombs that are sent by other sources, signed, one after
another. What counts is the middle of each kind's 99th percentiles: whatever else the machine does falls upon both.

`python -m bench.bombs [--rounds 5] [--seconds 8] [--rate 20] [--bombs 4] [--json FILE]`, on Linux.
"""

import argparse
import gc
import json
import subprocess
import tempfile
import time
import tracemalloc
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.standard.processes import Running, call, call_beside, serving
from bench.work import find_latency
from soar.ingest.bodies.read import read_documents, unpack_body
from soar.ingest.bodies.rule import Parcel, Rule
from soar.model.errors import InputError
from tests.support.heavy_bodies import BOMBS

MOST_SECONDS = 0.1
MOST_BYTES = 16 * 1024 * 1024
MOST_RATIO = 1.2
KEY = "a-key-for-the-bombs"
WARM_UP = 40
CONNECTIONS = 8
QUIET_FIRST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of the others.

    Attributes:
        alone: milliseconds in which 99 % of the quiet source's alerts were accepted, for each turn; `beside` bombs.
        answers: how often the bombs were answered what.
        longest: seconds until the slowest of them was answered.
        memory: MiB that the service held at most.
    """

    alone: tuple[float, ...]
    beside: tuple[float, ...]
    answers: dict[str, int]
    longest: float
    memory: float

    @property
    def ratio(self) -> float:
        """How many times as long the others wait beside bombs."""
        return median(self.beside) / median(self.alone)


def read(rule: Rule, parcel: Parcel) -> str:
    """Return what became of a body, in a few words."""
    try:
        return f"{len(read_documents(rule, unpack_body(rule, parcel)))} alerts"
    except InputError as error:
        return error.message[:60]


def print_costs() -> None:
    """Print what each costs its reader."""
    for name, (rule, parcel) in BOMBS.items():
        gc.collect()
        begun = time.process_time()
        became = read(rule, parcel)
        seconds = time.process_time() - begun
        tracemalloc.start()
        read(rule, parcel)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        mark = "  too much" if seconds > MOST_SECONDS or peak > MOST_BYTES else ""
        print(f"{name:<26} {seconds * 1000:6.1f} ms {peak / 1024 / 1024:5.1f} MiB  {became}{mark}")


def measure(folder: Path, *, rounds: int, seconds: float, rate: float, bombs: float) -> Report:
    """Start everything, let the bombs come in turns, and end it all."""
    with serving("stubs") as stubs, serving("service", str(folder), f"http://127.0.0.1:{stubs.port}", KEY) as service:
        numbers = iter(range(QUIET_FIRST, QUIET_FIRST * 1_000, QUIET_FIRST))
        _send_quietly(service, next(numbers), WARM_UP, rate)
        alone, beside, answers, longest = [], [], Counter[str](), 0.0
        for _ in range(rounds):
            alone.append(_send_quietly(service, next(numbers), int(seconds * rate), rate))
            arguments = (str(service.port), KEY, str(int(seconds * bombs)), str(bombs))
            burst = call_beside("bombs", *arguments)
            _await_line(burst)
            beside.append(_send_quietly(service, next(numbers), int(seconds * rate), rate))
            told = json.loads(burst.communicate()[0])
            answers.update(told["answers"])
            longest = max(longest, told["longest"])
        memory = service.read_memory("VmHWM")
    return Report(alone=(*alone,), beside=(*beside,), answers=dict(answers), longest=longest, memory=memory)


def _await_line(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has begun, so that its beginning is not counted."""
    if process.stdout is None or not process.stdout.readline():
        raise SystemExit("no bombs were sent")


def _send_quietly(service: Running, first: int, count: int, rate: float) -> float:
    """Return the milliseconds in which 99 % of so many alerts were accepted."""
    arguments = (str(service.port), KEY, "quiet", str(first), str(count), str(CONNECTIONS), str(rate))
    return find_latency(json.loads(call("flood", *arguments))["latencies"]).p99


def print_others(report: Report) -> None:
    """Print what became of the others."""
    for name, turns in (("alone", report.alone), ("beside bombs", report.beside)):
        shown = " ".join(f"{turn:.1f}" for turn in turns)
        print(f"{f'p99 {name}, ms':<26} {median(turns):6.1f}     of {shown}")
    mark = "as promised" if report.ratio <= MOST_RATIO else "NOT as promised"
    print(f"{'how many times as long':<26} {report.ratio:6.2f}     {mark}")
    print(f"{'bombs answered':<26} {sum(report.answers.values()):6}     {report.answers}")
    print(f"{'the slowest, s':<26} {report.longest:6.2f}")
    print(f"{'memory at most, MiB':<26} {report.memory:6.0f}")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="Bombs, and what they cost everybody else.")
    parser.add_argument("--rounds", type=int, default=5, help="turns alone, and as many beside bombs")
    parser.add_argument("--seconds", type=float, default=8, help="of each turn")
    parser.add_argument("--rate", type=float, default=20, help="alerts a second of the quiet source")
    parser.add_argument("--bombs", type=float, default=4, help="bombs a second")
    parser.add_argument("--folder", help="where the database is made; a temporary folder otherwise")
    parser.add_argument("--json", type=Path, help="a file for the figures, beside the table")
    wanted = parser.parse_args()
    print_costs()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as place:
        turns = {"rounds": wanted.rounds, "seconds": wanted.seconds}
        report = measure(Path(place), **turns, rate=wanted.rate, bombs=wanted.bombs)
    print_others(report)
    if wanted.json:
        wanted.json.write_text(json.dumps(asdict(report) | {"ratio": report.ratio}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
