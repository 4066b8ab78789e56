"""One page of a long list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first, and where the next ones begin.

    Attributes:
        items: at most as many as were asked for.
        next: opaque cursor for the next page; None on the last.
    """

    items: tuple[T, ...]
    next: str | None
