"""The people around a question: who votes or answers, and who may not."""

from collections.abc import Collection
from datetime import datetime

from soar.approvals.decide import Voter
from soar.audit.actor import describe_principal
from soar.model.audit import Actor
from soar.model.identity import Principal, PrincipalKind, User, UserKind
from soar.model.run import Run
from soar.model.step import Assurance
from soar.store import Unit

EVERYBODY = 10_000
"""More people than a workspace has."""


def find_voter(
    unit: Unit,
    principal: Principal,
    at: datetime,
    *,
    assurance: Assurance = Assurance.LINKED,
    undelegable: Collection[str] = (),
) -> Voter | None:
    """Return the person behind a principal as a voter; None if there is none.

    Args:
        unit: the transaction.
        principal: who asks; of the roles that they hold over what is asked about, those of their grants count that they
            still have now, beside the roles that they hold everywhere now.
        at: the moment.
        assurance: how sure we are of who it is.
        undelegable: roles that nobody can lend.
    """
    if not _is_person(principal):
        return None
    user = unit.users.get(principal.id)
    if user is None or not user.may_act(at) or user.kind is not UserKind.PERSON:
        return None
    held = user.roles | (principal.roles & list_roles(user))
    givers = _find_givers(unit, user.id, at, undelegable)
    return Voter(id=user.id, name=user.name, email=user.email, roles=held, assurance=assurance, givers=givers)


def _find_givers(unit: Unit, receiver: str, at: datetime, undelegable: Collection[str]) -> tuple[Voter, ...]:
    """Return whom somebody may vote for, with the roles that they hold everywhere and can lend."""
    ids = dict.fromkeys(each.giver for each in unit.delegations.active(at) if each.receiver == receiver)
    givers = (unit.users.get(giver) for giver in ids)
    return tuple(
        Voter(
            id=giver.id,
            name=giver.name,
            email=giver.email,
            roles=giver.roles - frozenset(undelegable),
            assurance=Assurance.LINKED,
        )
        for giver in givers
        if giver is not None and giver.may_act(at) and giver.kind is UserKind.PERSON
    )


def find_people(unit: Unit, at: datetime) -> list[User]:
    """Return everybody who may act now; programs are nobody."""
    everybody = unit.users.list(EVERYBODY).items
    return [user for user in everybody if user.kind is UserKind.PERSON and user.may_act(at)]


def as_voter(user: User) -> Voter:
    """Return somebody as they would vote in their own right, with every role that they hold somewhere."""
    return Voter(id=user.id, name=user.name, email=user.email, roles=list_roles(user), assurance=Assurance.LINKED)


def list_roles(user: User) -> frozenset[str]:
    """Return every role that somebody holds, be it for a part of the world only."""
    return user.roles | {grant.role for grant in user.grants}


def find_excluded(
    unit: Unit, words: Collection[str], targets: Collection[str], run: Run, people: Collection[User]
) -> dict[str, str]:
    """Return who may not vote, by id, with the word for why."""
    excluded: dict[str, str] = {}
    revision = unit.revisions.get(run.revision) if "author" in words else None
    if revision is not None:
        excluded[revision.author.removeprefix("user:")] = "author"
    if "target" in words:
        concerned = {target.casefold() for target in targets}
        excluded |= {person.id: "target" for person in people if person.email.casefold() in concerned}
    kind, _, initiator = run.initiator.partition(":")
    if "initiator" in words and kind in ("user", "token"):
        excluded[initiator] = "initiator"
    return excluded


def describe_actor(principal: Principal, assurance: Assurance | None) -> Actor:
    """Return who votes or answers, or tries to, as the audit names them."""
    kind = "user" if _is_person(principal) else None
    return describe_principal(principal, kind=kind, assurance=assurance.value if assurance else None)


def _is_person(principal: Principal) -> bool:
    return principal.kind in (PrincipalKind.USER, PrincipalKind.TOKEN)
