"""Allow-lists and deny-lists that people keep and playbooks look values up in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueList:
    """A list; its entries are rows of their own.

    Attributes:
        name: as playbooks write it.
        created_by: principal: `user:…` or `system:…`.
    """

    name: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A value on a list.

    Attributes:
        id: `le_…`.
        list: name of its list.
        value: in the one form in which values are compared; see `soar.lists.match`.
        note: why it is there, for people.
        added_by: principal: `user:…`, `run:…` or `system:…`.
        expires_at: from then on it is as if it were not there; None is never.
    """

    id: str
    list: str
    value: str
    note: str
    added_by: str
    added_at: datetime
    expires_at: datetime | None
