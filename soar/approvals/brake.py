"""`!freeze` and `!unfreeze`: one person stops writes, two let them go on, in whichever chat they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from soar.access.decide import Allowed, decide
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.approvals.decide import name_all
from soar.approvals.freezable import Freezable
from soar.approvals.freezer import Freezer
from soar.approvals.hostile import clean, flatten
from soar.approvals.people import EVERYBODY
from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import AuditEvent, Outcome
from soar.model.freeze import Freeze, FreezeKind, name_freeze
from soar.model.identity import Principal, PrincipalKind, User, UserKind
from soar.model.ids import Ids
from soar.store import Unit

_LONGEST_REASON = 500
_LONGEST_NAME = 120
_NAMED = 3
_BARE = (FreezeKind.ACTION, FreezeKind.CONNECTOR, FreezeKind.CONNECTION)
_MAY_NOT = "You may not freeze, nor let go on: no role that you hold everywhere has `freeze:write`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who pulls the brake.

    Attributes:
        principal: as authenticated, with `via` saying from where.
        may_freeze: whether they may stop writes, and let them go on.
        has_proved: whether they have proved within the last five minutes who they are.
    """

    principal: Principal
    may_freeze: bool
    has_proved: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be frozen, and why."""

    kind: FreezeKind
    name: str
    reason: str


Answer: TypeAlias = tuple[str, str | None]
"""What is said, and the id of the freeze that has changed; None if none has."""


class Brake:
    """Freezes, and lets go on, on the word of people in a chat.

    Whoever may can freeze and ask to lift from any chat. The second of the two, by whose word writes go on, has to have
    proved just before who they are, as everywhere: an account in a chat alone ends no freeze.

    Args:
        freezable: what there is.
        roles: permissions of each role.
        ids: new identifiers.
        url: how people reach us, without a slash at the end.
    """

    def __init__(self, *, freezable: Freezable, roles: RoleTable, ids: Ids, url: str) -> None:
        self._freezable = freezable
        self._roles = roles
        self._ids = ids
        self._freezer = Freezer(ids=ids)
        self._url = url

    def pull(self, unit: Unit, operator: Operator, words: str, at: datetime) -> Answer:
        """Stop writes: `what why`, or only why, which stops all of them."""
        wanted = self._read_wanted(words)
        if not operator.may_freeze:
            named = "everything" if isinstance(wanted, str) else name_freeze(wanted.kind, wanted.name)
            return self._deny(unit, operator, "freeze.set", named, _MAY_NOT, at)
        if isinstance(wanted, str):
            return wanted, None
        known = unit.freezes.get(name_freeze(wanted.kind, wanted.name))
        if known is not None and known.lift_asked_at is None:
            return f"{_say_what(known)} already, by {_name(unit, known.frozen_by)}: {clean(known.reason)}", None
        actor = describe_principal(operator.principal)
        frozen = self._freezer.freeze(unit, wanted.kind, wanted.name, wanted.reason, actor=actor, at=at)
        void = f" What {_name(unit, known.lift_asked_by)} has asked is void." if known is not None else ""
        return f"{_say_what(frozen)} now.{void} Two people let it go on: !unfreeze {frozen.id} why", frozen.id

    def release(self, unit: Unit, operator: Operator, words: str, at: datetime) -> Answer:
        """Ask for writes to go on, or sign what somebody else has asked: `what why`, or only why if one thing is."""
        if not operator.may_freeze:
            return self._deny(unit, operator, "freeze.lift_requested", "everything", _MAY_NOT, at)
        frozen, reason = _find_frozen(unit.freezes.list(), words)
        if frozen is None:
            return _list_frozen(unit, unit.freezes.list()), None
        if not reason:
            return f"Why? !unfreeze {frozen.id} the rule is corrected", None
        refusal = self._find_refusal(unit, operator, frozen, at)
        if refusal is not None:
            return self._deny(unit, operator, "freeze.lift_requested", frozen.id, refusal, at)
        lift = self._freezer.lift(unit, frozen.id, reason, actor=describe_principal(operator.principal), at=at)
        if lift.is_lifted:
            return f"{frozen.id} is not frozen any more: {_name(unit, frozen.lift_asked_by)} and you let it go on.", (
                frozen.id
            )
        signers = self._name_signers(unit, operator.principal.id, at)
        return f"{_say_what(frozen)} until somebody else signs: {signers}, by !unfreeze {frozen.id} why", frozen.id

    def _find_refusal(self, unit: Unit, operator: Operator, frozen: Freeze, at: datetime) -> str | None:
        user = unit.users.get(operator.principal.id)
        if user is None or user.kind is UserKind.SERVICE:
            return "A program cannot lift a freeze; two people have to ask."
        if frozen.lift_asked_at is None:
            return None
        if frozen.lift_asked_by == operator.principal.id:
            return f"You have asked already; somebody else signs: {self._name_signers(unit, user.id, at)}."
        if not operator.has_proved:
            asker = _name(unit, frozen.lift_asked_by)
            return f"{asker} has asked, and you sign with a fresh login: soar step-up, soar unfreeze, or {self._url}"
        return None

    def _read_wanted(self, words: str) -> _Wanted | str:
        """Return what is wanted, or what to say to somebody who has named what there is not, or no reason."""
        first, _, rest = words.partition(" ")
        kind, _, name = first.partition(":")
        if first == FreezeKind.EVERYTHING.value:
            wanted = _Wanted(FreezeKind.EVERYTHING, "", rest.strip())
        elif kind in {each.value for each in _BARE}:
            wanted = _Wanted(FreezeKind(kind), name, rest.strip())
        else:
            wanted = self._read_bare(first, rest.strip(), words)
        if wanted.name not in self._freezable.list_names(wanted.kind):
            return self._say_missing(wanted)
        if not wanted.reason:
            return f"Why? {f'!freeze {first}'.strip()} the playbooks run wild"
        return _Wanted(wanted.kind, wanted.name, flatten(wanted.reason, _LONGEST_REASON))

    def _read_bare(self, first: str, rest: str, words: str) -> _Wanted:
        """Read a first word that says not of which kind it is; one that names nothing begins the reason.

        What looks like an action of a connector is meant as one, even where there is none.
        """
        kind = next((each for each in _BARE if first and first in self._freezable.list_names(each)), None)
        if kind is not None:
            return _Wanted(kind, first, rest)
        connector, _, action = first.partition(".")
        if action and connector in self._freezable.list_names(FreezeKind.CONNECTOR):
            return _Wanted(FreezeKind.ACTION, first, rest)
        return _Wanted(FreezeKind.EVERYTHING, "", words.strip())

    def _say_missing(self, wanted: _Wanted) -> str:
        near = self._freezable.find_near(wanted.kind, wanted.name)
        hint = f" Did you mean {near}?" if near else ""
        return f"There is no {wanted.kind} {clean(wanted.name, _LONGEST_NAME)}; nothing is frozen by this.{hint}"

    def _name_signers(self, unit: Unit, asker: str, at: datetime) -> str:
        """Return who else may sign, some by name."""
        people = (
            user for user in unit.users.list(EVERYBODY).items if user.kind is UserKind.PERSON and user.may_act(at)
        )
        able = sorted(user.name for user in people if user.id != asker and self._may(unit, user))
        if not able:
            return "nobody else has `freeze:write`"
        more = f" or {len(able) - _NAMED} more" if len(able) > _NAMED else ""
        return clean(name_all([f"user:{name}" for name in able[:_NAMED]])) + more

    def _may(self, unit: Unit, user: User) -> bool:
        principal = Principal(
            kind=PrincipalKind.USER, id=user.id, name=user.name, workspace=unit.workspace, roles=user.roles
        )
        return isinstance(decide(principal, Permission.FREEZE_WRITE, roles=self._roles), Allowed)

    def _deny(self, unit: Unit, operator: Operator, kind: str, freeze: str, reason: str, at: datetime) -> Answer:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.DENIED,
            actor=describe_principal(operator.principal),
            target={"kind": "freeze", "id": freeze},
            reason=reason,
        )
        record(unit, event, at=at, id=self._ids.new("ev"))
        return reason, None


def _find_frozen(frozen: tuple[Freeze, ...], words: str) -> tuple[Freeze | None, str]:
    """Return what is named of what is frozen, or else the only thing that is, and why it is to go on."""
    first, _, rest = words.partition(" ")
    named = next((each for each in frozen if first in (each.id, each.name)), None) if first else None
    if named is not None:
        return named, flatten(rest, _LONGEST_REASON)
    return (frozen[0] if len(frozen) == 1 else None), flatten(words, _LONGEST_REASON)


def _list_frozen(unit: Unit, frozen: tuple[Freeze, ...]) -> str:
    if not frozen:
        return "Nothing is frozen."
    listed = " · ".join(f"{each.id} (by {_name(unit, each.frozen_by)})" for each in frozen)
    return f"Which? {listed}; !unfreeze {frozen[0].id} why"


def _say_what(freeze: Freeze) -> str:
    if freeze.kind is FreezeKind.EVERYTHING:
        return "Every write is frozen"
    return f"Writes of the {freeze.kind} {freeze.name} are frozen"


def _name(unit: Unit, principal: str) -> str:
    user = unit.users.get(principal)
    return clean(user.name if user else principal, _LONGEST_NAME)
