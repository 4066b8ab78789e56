"""What audit events are found by."""

from typing import ClassVar

from sqlalchemy import Index, MetaData, String
from sqlmodel import Field, SQLModel

from soar.store.tables import _COUNT, METADATA, AuditRow, Row, table_of

_BYTEWISE = String().with_variant(String(collation="C"), "postgresql")  # so that a prefix is a range on both

BLOCK_BITS = 5
"""Bits of an event's sequence that say which of a block it is; the others are the block's number."""

Index(None, table_of(AuditRow).c.workspace, table_of(AuditRow).c.at)


class AuditIndexRow(SQLModel, table=True):
    """How many events can be found by their terms; one row, from the migration on."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "audit_index"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    size: int = Field(sa_type=_COUNT)


class AuditPostingRow(Row, table=True):
    """Which of thirty-two events, one after the other, have a term: a field's value, or a word, as `field:value`.

    Events that follow one another are much alike, so this is a tenth of a row for each event and term.
    """

    __tablename__ = "audit_postings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    workspace: str = Field(primary_key=True)
    term: str = Field(primary_key=True, sa_type=_BYTEWISE)
    block: int = Field(primary_key=True, sa_type=_COUNT, sa_column_kwargs={"autoincrement": False})
    events: int = Field(sa_type=_COUNT)
