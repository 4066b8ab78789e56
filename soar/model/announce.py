"""Telling open pages that something changed."""

from typing import Protocol


class Announcer(Protocol):
    """Hears of every committed change; tells those who may see it. Losing an announcement loses nothing else."""

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        """Say that something changed.

        Args:
            workspace: where.
            kind: `alert`, `run`, `approval`, `response` or `message`.
            subject: its id.
        """
        ...
