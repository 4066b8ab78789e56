"""Forges requests in every way, and counts what was let in: it has to be nothing.

`python -m tests.forgery --count 1000000 --seed 1` prints a line for each way in which sources prove themselves; it ends
with 1 if any forgery was let in.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from random import Random  # noqa: TID251 -- the same seed has to give the same changes

from soar.ingest.authentication import Request
from tests.forgery.genuine import Genuine, list_genuine
from tests.forgery.mutations import MUTATIONS

_MILLION = 1_000_000


def run(count: int, seed: int) -> Iterator[tuple[str, int, list[tuple[str, Request]]]]:
    """Yield each way's name, how many forgeries were tried, and those that were let in with how they were made.

    Args:
        count: of all forgeries, at least.
        seed: the same one gives the same forgeries.
    """
    genuine = list_genuine()
    share = -(-count // len(genuine))
    for number, one in enumerate(genuine):
        yield forge(one, Random(seed * 1_000 + number), share)  # noqa: S311 -- as above


def forge(genuine: Genuine, random: Random, count: int) -> tuple[str, int, list[tuple[str, Request]]]:
    """Return what `run` yields for one way."""
    tried, let_in = 0, []
    while tried < count:
        mutate = MUTATIONS[random.randrange(len(MUTATIONS))]
        forged = mutate(genuine, random)
        if forged is None:
            continue
        tried += 1
        request, later = forged
        if genuine.judge(request, genuine.at + later) is None:
            let_in.append((mutate.__name__, request))
    return genuine.name, tried, let_in


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=_MILLION)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun, all_tried, all_let_in = time.perf_counter(), 0, 0
    for name, tried, let_in in run(asked.count, asked.seed):
        all_tried, all_let_in = all_tried + tried, all_let_in + len(let_in)
        print(f"{name:<22} {tried:>9,} forgeries, {len(let_in):,} let in", flush=True)  # noqa: T201 -- the report
        for mutation, request in let_in[:3]:
            print(f"    {mutation}: {request}")  # noqa: T201 -- the report
    elapsed = time.perf_counter() - begun
    print(f"{'all':<22} {all_tried:>9,} forgeries, {all_let_in:,} let in, in {elapsed:.0f} s (seed {asked.seed})")  # noqa: T201 -- the report
    return int(all_let_in != 0)


if __name__ == "__main__":
    sys.exit(main())
