"""What audit events are found by."""

from sqlalchemy import Index, Integer, String, Table

from soar.store.columns import COUNT, METADATA, column, key
from soar.store.tables import AUDIT

_BYTEWISE = String().with_variant(String(collation="C"), "postgresql")  # so that a prefix is a range on both

BLOCK_BITS = 5
"""Bits of an event's sequence that say which of a block it is; the others are the block's number."""

Index(None, AUDIT.c.workspace, AUDIT.c.at)

AUDIT_INDEX = Table(
    "audit_index",
    METADATA,
    key("id", Integer),
    column("size", COUNT),
)
"""How many events can be found by their terms; one row, from the migration on."""

AUDIT_POSTINGS = Table(
    "audit_postings",
    METADATA,
    key("workspace"),
    key("term", _BYTEWISE),
    key("block", COUNT),
    column("events", COUNT),
    sqlite_with_rowid=False,
)
"""Which of thirty-two events, one after the other, have a term: a field's value, or a word, as `field:value`.

Events that follow one another are much alike, so this is a tenth of a row for each event and term."""
