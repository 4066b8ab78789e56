"""`python -m tests.chaos --kills 200 --seed 1` prints the counts; it ends with 1 unless they are as promised."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.siege import besiege


def main() -> int:
    """Besiege a server in a folder of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often the server is killed")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments and the product's moods")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict = besiege(Path(folder), kills=arguments.kills, seed=arguments.seed)
    print(verdict)  # noqa: T201 - the table
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
