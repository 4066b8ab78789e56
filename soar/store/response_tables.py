"""The table of active responses; see `soar.store.tables`."""

from sqlalchemy import Index, Integer, Table, UniqueConstraint

from soar.model.response import ResponseStatus, Sighting
from soar.store.columns import METADATA, column, optional, placed
from soar.store.rows import Choice, Json, Moment, Texts

RESPONSES = Table(
    "responses",
    METADATA,
    *placed(),
    column("id"),
    column("run"),
    column("step"),
    column("action"),
    column("connection"),
    column("targets", Texts),
    column("undo_action"),
    column("undo_arguments", Json),
    column("status", Choice(ResponseStatus)),
    column("created_at", Moment),
    optional("expires_at", Moment),
    optional("lift_run"),
    optional("lifted_at", Moment),
    optional("fault"),
    optional("owner"),
    column("channel"),
    optional("check_action"),
    column("check_arguments", Json),
    optional("check_connection"),
    optional("check_run"),
    optional("sighting", Choice(Sighting)),
    optional("checked_at", Moment),
    optional("check_asked_at", Moment),
    optional("gone_at", Moment),
    column("pages", Integer),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "position"),
    Index(None, "workspace", "status", "position"),
    Index(None, "workspace", "run"),
    Index(None, "workspace", "lift_run"),
    Index(None, "workspace", "check_run"),
)
"""An active response."""
