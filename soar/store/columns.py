"""What the tables are made of. Every row but the record's own belongs to a workspace."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, TextClause
from sqlalchemy.types import TypeEngine

COUNT = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in INTEGER alone, which has 64 bits
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Kind = type[TypeEngine[Any]] | TypeEngine[Any]


def column(name: str, kind: Kind = String) -> Column[Any]:
    """Return a column that always has a value; text, if nothing else is said."""
    return Column(name, kind, nullable=False)


def optional(name: str, kind: Kind = String) -> Column[Any]:
    """Return a column that may be empty."""
    return Column(name, kind, nullable=True)


def key(name: str, kind: Kind = String) -> Column[Any]:
    """Return a column of the primary key, which is given and never counted up."""
    return Column(name, kind, primary_key=True, autoincrement=False)


def placed() -> tuple[Column[Any], Column[Any]]:
    """Return the columns of a workspace's row with a place in the order of arrival."""
    return column("workspace"), Column("position", COUNT, primary_key=True)


def partial_index(name: str, *columns: str, where: TextClause) -> Index:
    """Return an index over some of the rows.

    It says so of SQLite alone: saying it of PostgreSQL would load all that SQLAlchemy knows of that, wherever it is
    not used, and there the migrations say it.
    """
    return Index(name, *columns, sqlite_where=where)
