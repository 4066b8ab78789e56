"""What bodies cost that are made to cost much: CPU time and memory of each; `python -m bench.bombs`."""

import gc
import time
import tracemalloc

from soar.ingest.bodies.read import read_documents, unpack_body
from soar.ingest.bodies.rule import Parcel, Rule
from soar.model.errors import InputError
from tests.support.heavy_bodies import BOMBS

MOST_SECONDS = 0.1
MOST_BYTES = 16 * 1024 * 1024


def read(rule: Rule, parcel: Parcel) -> str:
    """Return what became of a body, in a few words."""
    try:
        return f"{len(read_documents(rule, unpack_body(rule, parcel)))} alerts"
    except InputError as error:
        return error.message[:60]


def main() -> None:
    """Print the costs of each."""
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


if __name__ == "__main__":
    main()
