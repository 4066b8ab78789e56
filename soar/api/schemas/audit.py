"""The audit record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from soar.api.schemas.base import Incoming, Name, PageQuery
from soar.audit.format import Format
from soar.audit.query import LONGEST_QUERY
from soar.audit.views import View
from soar.model.audit import AnchorStanding
from soar.model.audit_query import Facets, Tally

Asked = Annotated[str, Field(max_length=LONGEST_QUERY)]
"""A query, as `soar audit search` takes it."""


class AuditQuery(PageQuery):
    """Which events: `q` is a query, `view` a ready-made one, `type` how the type begins, `actor` an id or a name.

    `target` is an id. All that is named has to hold.
    """

    q: Asked = ""
    view: Name | None = None
    type: Name | None = None
    actor: Name | None = None
    target: Name | None = None


class FacetQuery(Incoming):
    """Which events are counted: `q` is a query."""

    q: Asked = ""


class ExportQuery(Incoming):
    """Which events are exported, and how: without `q` and `view` it is the whole record."""

    format: Format = Format.JSONL
    q: Asked = ""
    view: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetsView:
    """How events are spread; counted are the newest, and `is_complete` says whether these are all."""

    counted: int
    is_complete: bool
    types: tuple[Tally, ...]
    actors: tuple[Tally, ...]
    outcomes: tuple[Tally, ...]
    days: tuple[Tally, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewView:
    """A ready-made question; one that is narrowed means not everything that its query finds."""

    name: str
    title: str
    query: str
    is_narrowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPage:
    """All ready-made questions."""

    items: tuple[ViewView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A page of events, newest first: each is the recorded document, its `sequence`, and it as a `sentence`."""

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


def view_facets(facets: Facets) -> FacetsView:
    """Show how events are spread."""
    return FacetsView(
        counted=facets.counted,
        is_complete=facets.is_complete,
        types=facets.types,
        actors=facets.actors,
        outcomes=facets.outcomes,
        days=facets.days,
    )


def view_view(view: View) -> ViewView:
    """Show a ready-made question."""
    return ViewView(name=view.name, title=view.title, query=view.query, is_narrowed=view.keeps is not None)
