"""Who may vote in whose place, and until when."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import AuditEvent, Outcome
from soar.model.delegation import Delegation
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.identity import Principal, User, UserKind
from soar.model.ids import Ids
from soar.model.values import print_timestamp
from soar.store import Unit

LONGEST_DELEGATION = timedelta(days=30)


def delegate(
    unit: Unit,
    giver: Principal,
    to: str,
    until: datetime,
    *,
    ids: Ids,
    at: datetime,
    undelegable: frozenset[str],
) -> Delegation:
    """Let somebody vote for somebody else until a moment; they vote as themselves, and the record names both.

    Args:
        unit: the transaction.
        giver: who lends their say, as authenticated.
        to: name, mail address or id of who may vote for them.
        until: from then on it counts no more.
        ids: new identifiers.
        at: the moment.
        undelegable: roles that nobody can lend.

    Raises:
        NotFoundError: there is nobody with this name.
        InputError: it would end in the past or after more than thirty days, or both are one person.
        DeniedError: the giver has nothing to lend.
    """
    receiver, lender = find_person(unit, to, at), unit.users.get(giver.id)
    if lender is None or lender.kind is not UserKind.PERSON:
        raise DeniedError("only people lend their say", code="not_a_person", hint="log in as yourself")
    if receiver.id == lender.id:
        raise InputError("nobody stands in for themselves", code="delegation_to_self", hint="name somebody else")
    if not at < until <= at + LONGEST_DELEGATION:
        days = LONGEST_DELEGATION.days
        raise InputError(
            f"a delegation ends within {days} days", code="delegation_too_long", hint="--until friday, --until 3d"
        )
    if not lender.roles - undelegable:
        forbidden = ", ".join(sorted(lender.roles & undelegable)) or "no role held everywhere"
        raise DeniedError(
            f"you have nothing to lend: {forbidden}", code="role_undelegable", hint="somebody of another role may"
        )
    made = Delegation(id=ids.new("dg"), giver=lender.id, receiver=receiver.id, created_at=at, expires_at=until)
    unit.delegations.add(made)
    _record(unit, "approval.delegated", made, giver, lender, receiver, ids=ids, at=at)
    return made


def end_delegation(unit: Unit, delegation_id: str, principal: Principal, *, ids: Ids, at: datetime) -> Delegation:
    """Take a delegation back; both of its people may.

    Raises:
        NotFoundError: there is none that counts, or it is other people's.
    """
    found = unit.delegations.get(delegation_id)
    if found is None or not found.is_active(at) or principal.id not in (found.giver, found.receiver):
        raise NotFoundError(f"no delegation {delegation_id} of yours", hint="`soar approval delegations` shows them")
    ended = replace(found, ended_at=at)
    unit.delegations.update(ended)
    giver, receiver = unit.users.get(found.giver), unit.users.get(found.receiver)
    _record(unit, "approval.delegation_ended", ended, principal, giver, receiver, ids=ids, at=at)
    return ended


def find_person(unit: Unit, reference: str, at: datetime) -> User:
    """Return the person with this id, name or mail address who may act.

    Raises:
        NotFoundError: there is none.
    """
    wanted = reference.strip().casefold()
    people = (unit.users.get(reference), unit.users.find_name(reference), unit.users.find_email(wanted))
    for person in people:
        if person is not None and person.kind is UserKind.PERSON and person.may_act(at):
            return person
    raise NotFoundError(f"nobody is called {reference}", hint="`soar user list` shows who there is")


def _record(
    unit: Unit,
    kind: str,
    made: Delegation,
    actor: Principal,
    giver: User | None,
    receiver: User | None,
    *,
    ids: Ids,
    at: datetime,
) -> None:
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(actor),
        target={"kind": "delegation", "id": made.id},
        context={
            "giver": made.giver,
            "giver_name": giver.name if giver else "",
            "receiver": made.receiver,
            "receiver_name": receiver.name if receiver else "",
            "until": print_timestamp(made.expires_at),
        },
    )
    record(unit, event, at=at, id=ids.new("ev"))
