"""Everything durable: one writer with group commit, readers beside it, and repositories that know one workspace."""

from soar.store.hearing import Hearing
from soar.store.store import Store, open_store
from soar.store.unit import Unit
from soar.store.url import find_file, is_exposed, is_shared

__all__ = ["Hearing", "Store", "Unit", "find_file", "is_exposed", "is_shared", "open_store"]
