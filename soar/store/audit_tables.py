"""What audit events are found by."""

from typing import ClassVar

from sqlalchemy import Index, MetaData, String
from sqlmodel import Field, SQLModel

from soar.store.tables import _COUNT, METADATA, AuditRow, Row, table_of

_BYTEWISE = String().with_variant(String(collation="C"), "postgresql")  # so that a prefix is a range on both

Index(None, table_of(AuditRow).c.workspace, table_of(AuditRow).c.at)


class AuditIndexRow(SQLModel, table=True):
    """How many events can be found by their terms; one row, from the migration on."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "audit_index"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    size: int = Field(sa_type=_COUNT)


class AuditTermRow(Row, table=True):
    """A field's value, or a word, of an audit event, as `field:value`."""

    __tablename__ = "audit_terms"
    __table_args__ = ({"sqlite_with_rowid": False},)

    workspace: str = Field(primary_key=True)
    term: str = Field(primary_key=True, sa_type=_BYTEWISE)
    sequence: int = Field(primary_key=True, sa_type=_COUNT, sa_column_kwargs={"autoincrement": False})
