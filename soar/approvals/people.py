"""The people around a question: who votes or answers, and who may not."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TypeAlias

from soar.approvals.decide import Voter
from soar.audit.actor import describe_principal
from soar.model.audit import Actor
from soar.model.federation import Group
from soar.model.identity import Principal, PrincipalKind, User, UserKind
from soar.model.run import Run
from soar.model.step import Assurance
from soar.store import Unit

EVERYBODY = 10_000
"""More people than a workspace has."""

FindDuties: TypeAlias = Callable[[User], frozenset[str]]
"""Gives the names of the rotas by which somebody is on call."""


def have_none(_: User) -> frozenset[str]:
    """Return the duties of people where there are no rotas."""
    return frozenset()


def find_voter(
    unit: Unit,
    principal: Principal,
    at: datetime,
    *,
    assurance: Assurance = Assurance.LINKED,
    undelegable: Collection[str] = (),
    find_duties: FindDuties = have_none,
) -> Voter | None:
    """Return the person behind a principal as a voter; None if there is none.

    Args:
        unit: the transaction.
        principal: who asks; of the roles that they hold over what is asked about, those of their grants count that they
            still have now, beside the roles that they hold everywhere now.
        at: the moment.
        assurance: how sure we are of who it is.
        undelegable: roles that nobody can lend.
        find_duties: says who is on call at this moment.
    """
    if not _is_person(principal):
        return None
    user = unit.users.get(principal.id)
    if user is None or not user.may_act(at) or user.kind is not UserKind.PERSON:
        return None
    held = user.roles | (principal.roles & list_roles(user))
    return Voter(
        id=user.id,
        name=user.name,
        email=user.email,
        roles=held,
        assurance=assurance,
        groups=list_groups(user, unit.groups.all()),
        duties=find_duties(user),
        givers=_find_givers(unit, user.id, at, undelegable),
    )


def _find_givers(unit: Unit, receiver: str, at: datetime, undelegable: Collection[str]) -> tuple[Voter, ...]:
    """Return whom somebody may vote for, with the roles that they hold everywhere and can lend."""
    ids = dict.fromkeys(each.giver for each in unit.delegations.active(at) if each.receiver == receiver)
    givers = (unit.users.get(giver) for giver in ids)
    groups = unit.groups.all() if ids else ()
    return tuple(
        Voter(
            id=giver.id,
            name=giver.name,
            email=giver.email,
            roles=giver.roles - frozenset(undelegable),
            assurance=Assurance.LINKED,
            groups=list_groups(giver, groups),
        )
        for giver in givers
        if giver is not None and giver.may_act(at) and giver.kind is UserKind.PERSON
    )


def list_voters(unit: Unit, at: datetime, find_duties: FindDuties = have_none) -> list[Voter]:
    """Return everybody who may act now, as they would vote in their own right; programs are nobody.

    Args:
        unit: the transaction.
        at: the moment.
        find_duties: says who is on call.
    """
    everybody, groups = unit.users.list(EVERYBODY).items, unit.groups.all()
    able = (user for user in everybody if user.kind is UserKind.PERSON and user.may_act(at))
    return [as_voter(user, groups, find_duties(user)) for user in able]


def as_voter(user: User, groups: Iterable[Group] = (), duties: frozenset[str] = frozenset()) -> Voter:
    """Return somebody as they would vote in their own right, with every role that they hold somewhere."""
    return Voter(
        id=user.id,
        name=user.name,
        email=user.email,
        roles=list_roles(user),
        assurance=Assurance.LINKED,
        groups=list_groups(user, groups),
        duties=duties,
    )


def list_groups(user: User, groups: Iterable[Group]) -> frozenset[str]:
    """Return what `group:` calls somebody by: their teams, and names and ids of the provider's groups they are in."""
    found = (name for group in groups if user.id in group.members for name in (group.name, group.id))
    return user.teams | frozenset(found)


def list_roles(user: User) -> frozenset[str]:
    """Return every role that somebody holds, be it for a part of the world only."""
    return user.roles | {grant.role for grant in user.grants}


def find_excluded(
    unit: Unit, words: Collection[str], targets: Collection[str], run: Run, people: Collection[User]
) -> dict[str, str]:
    """Return who may not vote, by id, with the word for why."""
    excluded: dict[str, str] = {}
    if "publisher" in words:
        excluded |= dict.fromkeys(unit.publications.publishers(run.playbook, run.revision), "publisher")
    if "author" in words:
        excluded |= dict.fromkeys(find_authors(unit, run.playbook, run.revision), "author")
    if "target" in words:
        concerned = {target.casefold() for target in targets}
        excluded |= {person.id: "target" for person in people if person.email.casefold() in concerned}
    kind, _, initiator = run.initiator.partition(":")
    if "initiator" in words and kind in ("user", "token"):
        excluded[initiator] = "initiator"
    return excluded


def find_authors(unit: Unit, playbook: str, revision: str) -> frozenset[str]:
    """Return the ids of those who brought in the text of a revision, or proposed the very same."""
    kept = unit.revisions.get(revision)
    texts = (*([kept] if kept else []), *unit.drafts.find(playbook, revision))
    return frozenset(text.author.removeprefix("user:") for text in texts)


def describe_actor(principal: Principal, assurance: Assurance | None) -> Actor:
    """Return who votes or answers, or tries to, as the audit names them."""
    kind = "user" if _is_person(principal) else None
    return describe_principal(principal, kind=kind, assurance=assurance.value if assurance else None)


def _is_person(principal: Principal) -> bool:
    return principal.kind in (PrincipalKind.USER, PrincipalKind.TOKEN)
