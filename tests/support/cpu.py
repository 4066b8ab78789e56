"""Processor time that a slow or busy machine does not change."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

COUNTING: Final = 0.010  # seconds that `_count` takes on an ordinary machine


def measure_cpu(work: Callable[[], T]) -> tuple[T, float]:
    """Return what work returns, and the processor time that it takes, in seconds of a machine no slower than usual."""
    _, before = _measure(_count)
    result, taken = _measure(work)
    _, after = _measure(_count)
    return result, taken * min(1, COUNTING / max(before, after))


def _measure(work: Callable[[], T]) -> tuple[T, float]:
    begun = time.process_time()
    result = work()
    return result, time.process_time() - begun


def _count() -> None:
    sum(range(1_000_000))
