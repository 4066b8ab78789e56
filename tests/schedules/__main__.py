"""Lets schedules go through a year of summer times, restarts, deaths and clock jumps, and counts what went wrong.

`python -m tests.schedules --schedules 1000 --days 365 --seed 1` prints what was played; it ends with 1 if a moment came
twice, or was missed other than by the policy that its playbook declares.
"""

import argparse
import sys
import time

from tests.schedules.year import play_year

_SHOWN = 20


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    story = play_year(asked.schedules, days=asked.days, seed=asked.seed)
    for playbook, faults in [*story.faults.items()][:_SHOWN]:
        print(f"{playbook}: {'; '.join(faults)}")  # noqa: T201 -- the report
    elapsed = time.perf_counter() - begun
    print(  # noqa: T201 -- the report
        f"{asked.schedules:,} schedules, {asked.days} days, {story.starts:,} starts, {len(story.absences)} absences, "
        f"{story.deaths} deaths, {story.jumps} clock jumps: {len(story.faults)} at fault, "
        f"{len(story.reports)} reports, in {elapsed:.0f} s (seed {asked.seed})"
    )
    return int(bool(story.faults or story.reports))


if __name__ == "__main__":
    sys.exit(main())
