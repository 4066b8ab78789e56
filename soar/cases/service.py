"""Cases in the store, in their caller's transaction."""

from datetime import datetime

from soar.audit.record import record
from soar.model.alert import Severity
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.case import Case
from soar.model.ids import Ids
from soar.store import Unit


def join_case(
    unit: Unit,
    key: str,
    *,
    title: str,
    severity: Severity,
    actor: Actor,
    ids: Ids,
    at: datetime,
    team: str | None = None,
) -> Case:
    """Return the open case with this key; there is one afterwards.

    Args:
        unit: the transaction of the run that belongs to it.
        key: equal keys share a case.
        title: of the case, if it is opened now.
        severity: of the case, if it is opened now.
        actor: who opens it.
        ids: new identifiers.
        at: the moment.
        team: of the case, if it is opened now.
    """
    known = unit.cases.find_open(key)
    if known is not None:
        return known
    case = Case(id=ids.new("c"), key=key, title=title, severity=severity, opened_at=at, team=team)
    unit.cases.add(case)
    event = AuditEvent(
        type="case.opened",
        outcome=Outcome.SUCCESS,
        actor=actor,
        target={"kind": "case", "id": case.id, "title": case.title},
    )
    record(unit, event, at=at, id=ids.new("ev"))
    return case
