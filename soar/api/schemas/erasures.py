"""Erasing from the record."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, Name
from soar.audit.eraser import ErasureStatus, SubjectKind


class ErasureWanted(Incoming):
    """Whom or what to erase, and why; the reason stays in the record."""

    kind: Annotated[SubjectKind, Field(strict=False)]
    id: Name
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """How far an erasure has come, and how many events it concerns."""

    kind: SubjectKind
    id: str
    status: ErasureStatus
    events: int
