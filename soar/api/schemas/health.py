"""How the service is."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the process answers."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHealth:
    """How a process is that drives runs and has no other face.

    Attributes:
        worker: names it among all processes on the database, as its log does.
        driven: how many runs it drives, or holds until there is room to.
        limit: how many it drives at once.
        looked_at: when it last asked the database for runs and was answered; null before the first time.
    """

    status: str
    worker: str
    driven: int
    limit: int
    looked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the service can serve; a sentence for each thing that keeps it from it."""

    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which version this is."""

    version: str
