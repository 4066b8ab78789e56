"""Plays seeds and ends processes: `python -m tests.simulation --seeds 1000 --first 1`."""

import argparse
import gc
import sys
from collections import Counter

from tests.simulation.kills import KillFailedError, kill_everywhere
from tests.simulation.scenario import FailedSeedError, Summary, play_seed
from tests.simulation.trials import list_trials

_PROGRESS = 50


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _list(counted: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counted.items())) or "none"


def _play(first: int, seeds: int) -> None:
    """Play the seeds, say how far it is, and at the end what happened in all of them."""
    events = deaths = effects = 0
    ends, faults, deeds = Counter[str](), Counter[str](), Counter[str]()
    for number, seed in enumerate(range(first, first + seeds), 1):
        played = play_seed(seed)
        events, deaths, effects = events + played.events, deaths + played.deaths, effects + played.effects
        ends, faults, deeds = ends + played.ends, faults + played.faults, deeds + played.deeds
        if number % _PROGRESS == 0 and number < seeds:
            _say(f"{number:,} of {seeds:,} seeds, {events:,} events")
    _say(f"{seeds:,} seeds from {first}: {events:,} events, {deaths:,} deaths, {effects:,} effects")
    _say(f"runs:   {_list(ends)}")
    _say(f"faults: {_list(faults)}")
    _say(f"people: {_list(deeds)}")


def _kill() -> None:
    """End each trial's process at each of its writes."""
    total = Counter[str]()
    for trial in list_trials():
        total += kill_everywhere(trial)
    _say(f"{len(list_trials())} playbooks ended at each write: {_list(total)}")


def _trace(first: int, seeds: int) -> None:
    for seed in range(first, first + seeds):
        _say(_describe_trace(seed, play_seed(seed)))


def _describe_trace(seed: int, played: Summary) -> str:
    return f"{seed} {played.trace}"


def main() -> int:
    """Return 0 if everything held, and 1 with what did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many worlds")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first")
    parser.add_argument("--kills", action="store_true", help="also end thirty playbooks at each single write")
    parser.add_argument("--traces", action="store_true", help="print each world's trace and nothing else")
    chosen = parser.parse_args()
    gc.freeze()
    try:
        if chosen.traces:
            _trace(chosen.first, chosen.seeds)
            return 0
        _play(chosen.first, chosen.seeds)
        if chosen.kills:
            _kill()
    except (FailedSeedError, KillFailedError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
