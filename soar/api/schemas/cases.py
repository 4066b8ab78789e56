"""Cases."""

from dataclasses import dataclass
from datetime import datetime

from soar.model.alert import Severity
from soar.model.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case."""

    id: str
    key: str
    title: str
    severity: Severity
    opened_at: datetime
    closed_at: datetime | None
    team: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of cases, newest first."""

    items: tuple[CaseView, ...]
    next: str | None


def view_case(case: Case) -> CaseView:
    """Return a case."""
    return CaseView(
        id=case.id,
        key=case.key,
        title=case.title,
        severity=case.severity,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        team=case.team,
    )
