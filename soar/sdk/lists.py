"""What a connector may do with the lists that people keep."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from soar.model.lists import ListEntry


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding a value.

    Attributes:
        id: of the entry, or what its id would have been.
        is_new: whether it stands there; else another stood there already that lasts as long.
    """

    id: str
    is_new: bool


class Lists(Protocol):
    """The site's allow-lists and deny-lists. Each method raises `PermanentError` (not_found) for an unknown list."""

    async def find(self, name: str, value: str) -> ListEntry | None:
        """Return the closest entry of a list that covers a value; see `soar.lists.match` for what covers what."""
        ...

    async def add(self, name: str, value: str, *, key: str, note: str, lasts: timedelta | None) -> Added:
        """Put a value on a list; where it stands there already, what lasts longer stays.

        Args:
            name: of the list.
            value: an address, a network, a domain or another text.
            key: a second addition with the same key is the same entry.
            note: why, for people.
            lasts: how long it stands there; None is until it is removed.

        Raises:
            ActionInputError: the value is empty or too long.
        """
        ...

    async def remove(self, name: str, value: str, *, only: str | None) -> bool:
        """Take a value off a list; return whether it was there.

        Args:
            name: of the list.
            value: as it was added, in any of its forms.
            only: the id of the one entry that may go; what somebody else put there stays.
        """
        ...
