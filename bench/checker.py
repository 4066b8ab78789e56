"""What checking a playbook of 200 steps takes, beside reading the same text as bare YAML.

Run it on a quiet machine: `python bench/checker.py`. The playbook is the shipped one, its ten steps twenty times over,
each time with ids of their own, held against the shipped connectors; no expression is compiled beforehand.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from soar.app.documents import read_yaml
from soar.expr import compile_expression
from soar.playbook import validate_text
from soar.policy import DEFAULT_POLICY
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors

ROOT = Path(__file__).resolve().parents[1]
COPIES = 20
STEPS = 200
ROUNDS = 15
_ID = re.compile(r"(?<=\bid: )\w+|(?<=\bsteps\.)\w+")


def write_playbook() -> str:
    """Return the shipped playbook with its steps many times over."""
    text = (ROOT / "playbooks" / "phishing-triage.yaml").read_text("utf-8")
    head, _, rest = text.partition("steps:\n")
    steps, _, _ = rest.partition("outputs:\n")
    copies = "".join(_ID.sub(rf"\g<0>_{copy}", steps) for copy in range(COPIES))
    return f"{head}steps:\n{copies}"


def measure(work: Callable[[], object]) -> float:
    """Return the fewest milliseconds of processor time of some rounds: whatever disturbs a round only adds."""
    best = float("inf")
    for _ in range(ROUNDS):
        compile_expression.cache_clear()
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best * 1000


def main() -> None:
    text = write_playbook()
    connectors = load_connectors(discover([ROOT / "connectors"], installed=()), read_yaml)
    catalog = build_catalog(connectors.values())

    def check() -> None:
        playbook, _ = validate_text(
            text, playbook_id="large", file="large.yaml", catalog=catalog, policy=DEFAULT_POLICY, known_sources=None
        )
        if playbook is None or sum("/" in path for path in playbook.locations) < STEPS:
            raise SystemExit("the playbook is not good, so nothing is measured")

    bare = measure(lambda: yaml.load(text, Loader=yaml.CSafeLoader))  # noqa: TID251 -- what is measured against
    ours = measure(check)
    print(f"{f'{STEPS} steps, {len(text) // 1024} KiB':24}{'ms':>8}{'ratio':>8}")
    print(f"{'bare YAML':24}{bare:>8.1f}{1:>8.1f}")
    print(f"{'checked playbook':24}{ours:>8.1f}{ours / bare:>8.1f}")


if __name__ == "__main__":
    main()
