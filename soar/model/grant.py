"""A role that is given for a part of the world only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Attribute(StrEnum):
    """By what a part of the world can be told from the rest."""

    PLAYBOOK = "playbook"
    CONNECTOR = "connector"
    CONNECTION = "connection"
    ACTION = "action"
    CREDENTIAL = "credential"
    SOURCE = "source"
    LIST = "list"
    CHANNEL = "channel"
    CASE = "case"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the world: what meets every one of these limits.

    Attributes:
        limits: for each attribute the names that it may have: a whole name, or a prefix with `*` behind it. `$own`
            among the teams means those of whoever holds the scope.
    """

    limits: Mapping[Attribute, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Grant:
    """A role within a scope."""

    role: str
    scope: Scope
