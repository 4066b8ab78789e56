"""Changes the code and asks whether a test notices: `python -m tests.mutation engine --sample 400 --seed 1`."""

import argparse
import os
import sys
import tomllib
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from math import sqrt
from pathlib import Path
from typing import TextIO

import orjson
import pytest
from hypothesis import Phase, settings

from tests.mutation.mutants import Mutant, list_mutants
from tests.mutation.trials import Trials, Verdict
from tests.support.repository import ROOT

_BAR = 40  # characters
_NORMAL = 1.96  # standard deviations on either side that hold 95 % of a normal distribution
_MEASURED = {pytest.ExitCode.OK, pytest.ExitCode.INTERRUPTED}  # mutants come by chance: the first ones are a sample
_QUIETLY = (
    *("-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=mutation"),
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),  # hypothesis, for its profile
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured together.

    Attributes:
        modules: globs from the root of the repository on.
        tests: what is held against them, as pytest is told.
        least: the score below which it is not tested well enough.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    least: float = 0.85


PARTS = {
    "engine": Part(
        ("soar/engine/*.py",),
        ("tests/unit/engine", "tests/unit/runtime", "tests/unit/rehearsal", "tests/replay"),
    ),
    "commit": Part(
        (
            "soar/runtime/commit.py",
            *(
                f"soar/store/{name}.py"
                for name in ("unit", "journal", "runs", "writer", "database", "sqlite", "timers")
            ),
        ),
        (
            *("tests/unit/runtime", "tests/unit/store", "tests/unit/approvals", "tests/unit/responses"),
            *("tests/contract", "-k", "not postgres"),  # its server is no part of this path
        ),
    ),
    "access": Part(
        ("soar/access/*.py",),
        ("tests/unit/access", "tests/security/test_cedar.py"),
        least=0.9,
    ),
    "vault": Part(
        ("soar/vault/**/*.py",),
        ("tests/unit/vault",),
        least=0.9,
    ),
    "audit": Part(
        ("soar/audit/*.py",),
        (
            *("tests/unit/audit", "tests/unit/app/anchors/test_timestamp.py"),
            *("tests/contract/test_audit_search.py", "tests/contract/test_erasure.py", "-k", "not postgres"),
        ),
        least=0.9,
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A mutant as it is written down: what lines became what others."""

    module: str
    function: str
    before: str
    after: str


def _read_equivalent() -> frozenset[Change]:
    found = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))["mutant"]
    return frozenset(Change(each["module"], each["function"], each["before"], each["after"]) for each in found)


EQUIVALENT = _read_equivalent()
"""The mutants that no test can notice; the file has the reasons."""


@dataclass(slots=True)
class Result:
    """What came of the trials.

    Attributes:
        verdicts: how many mutants had which.
        survivors: those that no test noticed, as the output shows them.
        equivalent: how many of them nobody could notice.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    survivors: list[dict[str, str | int]] = field(default_factory=list)
    equivalent: int = 0

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        """Count a trial."""
        if verdict is not Verdict.SURVIVED:
            self.verdicts[verdict] += 1
            return
        change = Change(mutant.path, mutant.function, *mutant.describe())
        if change in EQUIVALENT:
            self.equivalent += 1
            return
        self.verdicts[verdict] += 1
        self.survivors.append({"line": min(mutant.lines), **asdict(change)})

    @property
    def tried(self) -> int:
        """How many were tried."""
        return self.verdicts.total() + self.equivalent

    @property
    def noticed(self) -> int:
        """How many a test noticed."""
        return self.verdicts[Verdict.KILLED] + self.verdicts[Verdict.TIMED_OUT]

    @property
    def counted(self) -> int:
        """How many a test could have noticed."""
        return self.noticed + self.verdicts[Verdict.SURVIVED]


def find_interval(share: float, count: int) -> tuple[float, float]:
    """Return between what the share lies in all, with 95 % confidence (Wilson, 1927), where `count` were looked at."""
    square = _NORMAL**2 / count
    middle = share + square / 2
    width = _NORMAL * sqrt(share * (1 - share) / count + square / (4 * count))
    return (middle - width) / (1 + square), (middle + width) / (1 + square)


class UnmeasuredError(Exception):
    """The tests do not run on the code as it is."""


class _Progress:
    """A bar on the terminal, or a line for each tenth where there is none.

    Args:
        shown: the terminal; pytest takes the standard streams for itself.
    """

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown

    def show(self, name: str, number: int, total: int) -> None:
        """Say how far it is."""
        text = f"{name:8}{'#' * (_BAR * number // total):{_BAR}} {number:,} of {total:,}"
        if self._shown.isatty():
            self._shown.write(f"\r{text}" + ("\n" if number == total else ""))
        elif 10 * number // total > 10 * (number - 1) // total:
            self._shown.write(f"{text}\n")
        self._shown.flush()


def _measure(part: Part, mutants: list[Mutant], width: int) -> Result:
    result = Result()
    settings.register_profile("mutation", deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal:
        progress = _Progress(terminal)

        def tell(mutant: Mutant, verdict: Verdict) -> None:
            result.add(mutant, verdict)
            progress.show("mutants", result.tried, len(mutants))

        trials = Trials(mutants, width, tell, lambda number, total: progress.show("tests", number, total))
        with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
            ended = pytest.main([*_QUIETLY, *part.tests], plugins=[trials])
    if trials.fault or ended not in _MEASURED or not result.counted:
        raise UnmeasuredError(trials.fault or f"pytest ended with {ended}")
    return result


def _report(name: str, total: int, seed: int, result: Result) -> dict[str, object]:
    share = result.noticed / result.counted
    is_sample = result.tried < total
    low, high = find_interval(share, result.counted) if is_sample else (share, share)
    sys.stdout.write(
        f"{name}: {share:.1%} of {result.counted:,} mutants noticed"
        + (f" (of {total:,}, seed {seed}; 95 % confidence: {low:.1%} to {high:.1%})" if is_sample else "")
        + f"; {result.verdicts[Verdict.TIMED_OUT]} by time, {result.verdicts[Verdict.SURVIVED]} not, "
        + f"{result.equivalent} cannot be\n"
    )
    return {
        "part": name,
        "seed": seed,
        "mutants": total,
        "counted": result.counted,
        **{verdict.name.lower(): result.verdicts[verdict] for verdict in Verdict},
        "equivalent": result.equivalent,
        "score": share,
        "interval": [low, high],
        "survivors": sorted(result.survivors, key=lambda found: (found["module"], found["line"])),
    }


def main() -> int:
    """Return 0 if the score is reached, and 1 if not or if it cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("part", choices=PARTS, help="what is measured")
    parser.add_argument("--sample", type=int, default=0, help="try so many mutants, chosen by the seed; 0 is all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--module", default="", help="only the modules whose path ends with this")
    parser.add_argument("--width", type=int, default=os.cpu_count() or 1, help="trials at once")
    parser.add_argument("--least", type=float, help="the score below which this fails, if not the part's own")
    parser.add_argument("--output", type=Path, help="a file for the result as JSON, with each survivor")
    chosen = parser.parse_args()
    part = PARTS[chosen.part]
    paths = sorted(path for glob in part.modules for path in ROOT.glob(glob) if str(path).endswith(chosen.module))
    mutants = sorted((found for path in paths for found in list_mutants(path)), key=lambda each: each.rank(chosen.seed))
    try:
        result = _measure(part, mutants[: chosen.sample or None], chosen.width)
    except UnmeasuredError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    report = _report(chosen.part, len(mutants), chosen.seed, result)
    if chosen.output:
        chosen.output.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    least = part.least if chosen.least is None else chosen.least
    return 0 if result.noticed >= least * result.counted else 1


if __name__ == "__main__":
    sys.exit(main())
