"""Who may do what, as people have written it down in `rights.csv`; nothing here is read from the product.

`about` says what a permission is used on: a thing, which a scope may cover or not; oneself, which no scope limits; or
everything, for which a role must be held everywhere.
"""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Right:
    """A line of the table."""

    permission: str
    about: str
    roles: frozenset[str]


def read_rights() -> dict[str, Right]:
    """Return the table by permission."""
    with (Path(__file__).parent / "rights.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {
        line["permission"]: Right(
            line["permission"],
            line["about"],
            frozenset(name for name, cell in line.items() if cell == "x"),
        )
        for line in lines
    }


RIGHTS = read_rights()
ROLES = (
    "viewer",
    "analyst",
    "soc-lead",
    "incident-commander",
    "author",
    "publisher",
    "connector-admin",
    "auditor",
    "admin",
)
