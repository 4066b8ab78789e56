"""Playbooks for tests."""

from soar.app.library import Library
from soar.playbook import Loaded


def refresh(library: Library) -> list[Loaded]:
    """Read what changed and let it serve, with nothing to store in between."""
    changed = library.read_changed()
    library.serve(changed)
    return changed
