"""The people around a question: who votes or answers, and who may not."""

from collections.abc import Collection

from soar.approvals.decide import Voter
from soar.audit.actor import describe_principal
from soar.model.audit import Actor
from soar.model.identity import Principal, PrincipalKind, User, UserKind
from soar.model.run import Run
from soar.model.step import Assurance
from soar.store import Unit


def find_voter(unit: Unit, principal: Principal, assurance: Assurance = Assurance.LINKED) -> Voter | None:
    """Return the person behind a principal as a voter; None if there is none.

    Args:
        unit: the transaction.
        principal: who asks; of the roles that they hold over what is asked about, those of their grants count that they
            still have now, beside the roles that they hold everywhere now.
        assurance: how sure we are of who it is.
    """
    if not _is_person(principal):
        return None
    user = unit.users.get(principal.id)
    if user is None or user.disabled_at is not None or user.kind is not UserKind.PERSON:
        return None
    held = user.roles | (principal.roles & list_roles(user))
    return Voter(id=user.id, name=user.name, email=user.email, roles=held, assurance=assurance)


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
