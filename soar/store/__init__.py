"""Everything durable: one writer with group commit, readers beside it, and repositories that know one workspace."""

from soar.store.store import Store, open_store
from soar.store.unit import Unit

__all__ = ["Store", "Unit", "open_store"]
