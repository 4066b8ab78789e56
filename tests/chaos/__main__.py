"""`python -m tests.chaos --kills 200 --seed 1` prints the counts; it ends with 1 unless they are as promised."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.siege import besiege
from tests.support.postgres import start_postgres


def main() -> int:
    """Besiege a site in a folder of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often a process is killed")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments and the product's moods")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="one process on SQLite, or three on a PostgreSQL server of our own, of which two drive runs",
    )
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        is_shared = arguments.database == "postgres"
        database = stack.enter_context(stack.enter_context(start_postgres()).create()) if is_shared else None
        verdict = besiege(folder, kills=arguments.kills, seed=arguments.seed, database=database)
    print(verdict)  # noqa: T201 - the table
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
