"""Changes copies of a record in every way, and counts what the verifier did not notice: it has to be nothing.

`python -m tests.audit_mutations --count 1000000 --seed 1` prints a line for each way; it ends with 1 if any was missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from random import Random  # noqa: TID251 -- the same seed has to give the same changes

from tests.audit_mutations.judge import Judge
from tests.audit_mutations.mutations import SHARES, WHOLE, Mutate, change_every_byte, truncate
from tests.audit_mutations.record import take

_LONG, _SHORT = 10_000, 12  # events of the copies
_TRUNCATIONS = _LONG
_MILLION = 1_000_000


def run(count: int, seed: int, *, size: int = _LONG, whole: int = 20) -> Iterator[tuple[str, int, int]]:
    """Yield each way's name, how many changes were made, and how many were found.

    Args:
        count: of all changes, about.
        seed: the same one gives the same changes.
        size: events of the copy.
        whole: how many changes of a kind that costs a whole verification.
    """
    judge, random = Judge(take(size, every=100)), Random(seed)  # noqa: S311 -- as above
    for mutate, share in SHARES.items():
        yield _try(judge, random, mutate, max(1, share * count // _MILLION))
    yield _try(judge, random, truncate, min(count, _TRUNCATIONS))
    for mutate in WHOLE:
        yield _try(judge, random, mutate, whole)
    yield ("every byte", *change_every_byte(Judge(take(_SHORT, every=5))))


def _try(judge: Judge, random: Random, mutate: Mutate, count: int) -> tuple[str, int, int]:
    found = sum(mutate(judge, random, number) for number in range(count))
    return mutate.__name__, count, found


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=_MILLION)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun, tried, detected = time.perf_counter(), 0, 0
    for name, count, found in run(asked.count, asked.seed):
        tried, detected = tried + count, detected + found
        print(f"{name:<12} {count:>9,} changes, {count - found:,} missed", flush=True)  # noqa: T201 -- the report
    elapsed = time.perf_counter() - begun
    print(f"{'all':<12} {tried:>9,} changes, {tried - detected:,} missed, in {elapsed:.0f} s (seed {asked.seed})")  # noqa: T201 -- the report
    return int(tried != detected)


if __name__ == "__main__":
    sys.exit(main())
