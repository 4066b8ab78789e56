"""What there is to be frozen."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

from soar.model.catalog import Catalog
from soar.model.freeze import FreezeKind


@dataclass(frozen=True, slots=True)
class Freezable:
    """The names that a freeze can have; one that names nothing would stop nothing, and nobody would know.

    Attributes:
        catalog: what is installed.
        connections: ids of what is connected.
    """

    catalog: Catalog
    connections: Collection[str]

    def list_names(self, kind: FreezeKind) -> Collection[str]:
        """Return the names of this kind; that of everything is empty."""
        connectors = self.catalog.connectors
        match kind:
            case FreezeKind.EVERYTHING:
                return ("",)
            case FreezeKind.ACTION:
                return [action.full_name for spec in connectors.values() for action in spec.actions.values()]
            case FreezeKind.CONNECTOR:
                return connectors.keys()
            case FreezeKind.CONNECTION:
                return {*self.connections, *connectors}
            case _:
                assert_never(kind)

    def find_near(self, kind: FreezeKind, name: str) -> str | None:
        """Return the name of this kind that was most likely meant."""
        return next(iter(difflib.get_close_matches(name, self.list_names(kind), n=1)), None)
