"""What the fixtures `write` and `read` are."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from soar.store import Unit

T = TypeVar("T")


class Works(Protocol):
    """Does a work in the workspace of the tests."""

    async def __call__(self, work: Callable[[Unit], T]) -> T: ...
