"""The audit record."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from soar.api.schemas.base import Name, PageQuery
from soar.model.audit import AnchorStanding


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
    remarks: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorView:
    """How far a place out of our reach has come; `behind` counts signed events that it does not vouch for."""

    name: str
    size: int
    behind: int
    is_late: bool
    reached_at: datetime | None
    failed_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """Who vouches for the record: its length, how much of it is signed, with which public keys, and every anchor."""

    size: int
    signed: int
    signed_at: datetime | None
    keys: tuple[str, ...]
    anchors: tuple[AnchorView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """The proof of one event, as https://c2sp.org/tlog-proof writes it."""

    sequence: int
    proof: str


def view_anchor(standing: AnchorStanding) -> AnchorView:
    """Show how far an anchor is."""
    state = standing.state
    return AnchorView(
        name=state.name,
        size=state.size,
        behind=standing.behind,
        is_late=standing.is_late,
        reached_at=state.reached_at,
        failed_at=state.failed_at,
        error=state.error,
    )
