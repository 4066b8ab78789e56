"""The audit record."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from soar.api.schemas.base import Name, PageQuery


class AuditQuery(PageQuery):
    """Which events: `type` is how the type begins, `actor` an id or a name, `target` an id."""

    type: Name | None = None
    actor: Name | None = None
    target: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A page of events, newest first: each is the recorded document, and its `sequence`."""

    items: tuple[dict[str, JsonValue], ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of the whole record found."""

    is_sound: bool
    size: int
    checkpoints: int
    last_checkpoint: datetime | None
    root: str
    faults: tuple[str, ...]
    summary: str
