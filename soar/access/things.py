"""What a permission is used on, and the attributes by which a scope covers it or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from soar.access.permissions import Permission
from soar.model.grant import Attribute

A = Attribute


class Kind(StrEnum):
    """What sort of thing a permission is about."""

    ALERT = "alert"
    RUN = "run"
    LETTER = "letter"
    APPROVAL = "approval"
    RESPONSE = "response"
    CASE = "case"
    PLAYBOOK = "playbook"
    CONNECTOR = "connector"
    CONNECTION = "connection"
    ACTION = "action"
    CREDENTIAL = "credential"
    SOURCE = "source"
    LIST = "list"
    MESSAGE = "message"


ATTRIBUTES: Mapping[Kind, frozenset[Attribute]] = MappingProxyType(
    {
        Kind.ALERT: frozenset({A.SOURCE, A.TEAM}),
        Kind.RUN: frozenset({A.PLAYBOOK, A.SOURCE, A.CASE, A.TEAM}),
        Kind.LETTER: frozenset({A.PLAYBOOK, A.SOURCE, A.CASE, A.TEAM}),
        Kind.APPROVAL: frozenset({A.PLAYBOOK, A.CONNECTOR, A.CONNECTION, A.ACTION, A.SOURCE, A.CASE, A.TEAM}),
        Kind.RESPONSE: frozenset({A.PLAYBOOK, A.CONNECTOR, A.CONNECTION, A.ACTION, A.SOURCE, A.CASE, A.TEAM}),
        Kind.CASE: frozenset({A.CASE, A.TEAM}),
        Kind.PLAYBOOK: frozenset({A.PLAYBOOK, A.TEAM}),
        Kind.CONNECTOR: frozenset({A.CONNECTOR}),
        Kind.CONNECTION: frozenset({A.CONNECTOR, A.CONNECTION}),
        Kind.ACTION: frozenset({A.PLAYBOOK, A.CONNECTOR, A.CONNECTION, A.ACTION, A.SOURCE, A.CASE, A.TEAM}),
        Kind.CREDENTIAL: frozenset({A.CREDENTIAL}),
        Kind.SOURCE: frozenset({A.SOURCE, A.TEAM}),
        Kind.LIST: frozenset({A.LIST}),
        Kind.MESSAGE: frozenset({A.CHANNEL}),
    }
)
"""Which attributes a thing of each kind can have."""

PERSONAL = frozenset({Permission.TOKEN_READ, Permission.TOKEN_WRITE, Permission.STREAM_READ, Permission.ROLE_READ})
"""About what is the caller's own, or no secret: a role gives these whatever its scope."""

_ABOUT: Mapping[str, Kind] = MappingProxyType({kind.value: kind for kind in Kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that a permission is used on.

    Attributes:
        id: what people call it; for the reason.
        attributes: those that it has, of `ATTRIBUTES` of its kind.
    """

    kind: Kind
    id: str
    workspace: str
    attributes: Mapping[Attribute, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What people call it, with its kind."""
        return f"{self.kind} {self.id}"


def find_kind(permission: Permission) -> Kind | None:
    """Return what a permission is about; None if it is about the installation as a whole, or personal."""
    return _ABOUT.get(permission.partition(":")[0])
