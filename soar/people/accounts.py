"""Accounts in the store: made, invited, given roles, switched off and on, each in its caller's transaction."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soar.access.decide import is_unlimited
from soar.access.permissions import Permission
from soar.access.roles import RoleTable, check_grants
from soar.access.scopes import dump_grants
from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, DeniedError, FieldFault, InputError, NotFoundError
from soar.model.factor import CodePurpose
from soar.model.grant import Grant
from soar.model.identity import Principal, User, UserKind
from soar.model.ids import Ids, Randomness
from soar.model.values import JsonValue, print_timestamp
from soar.people.administration import check_administered
from soar.people.codes import draw_code, hash_code, issue_code
from soar.store import Unit

INVITATION_LIFE = timedelta(hours=72)

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)  # no `_`: an id has one, and no name reads as an id
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_EVERYBODY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to make.

    Attributes:
        owner: name or id of the person who answers for a program.
        until: from then on it may not act; None is no end.
    """

    name: str
    email: str
    roles: frozenset[str]
    kind: UserKind = UserKind.PERSON
    owner: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody is to hold for a part of the world, and the teams they are to be in."""

    grants: tuple[Grant, ...]
    teams: frozenset[str]


class Accounts:
    """The accounts of a workspace.

    Args:
        ids: gives ids of accounts and audit events.
        randomness: gives the codes of invitations.
        roles: the installation's table.
    """

    def __init__(self, *, ids: Ids, randomness: Randomness, roles: RoleTable) -> None:
        self._ids = ids
        self._randomness = randomness
        self._roles = roles

    def add(self, unit: Unit, wanted: NewAccount, by: Principal, at: datetime) -> tuple[User, str | None]:
        """Make an account.

        Returns:
            The account; and for a person the code with which they set their own password, shown this once.

        Raises:
            InputError: a field does not fit.
            ConflictError: the name or the address is taken.
            DeniedError: it would have a role that the caller may not give.
        """
        faults = [*_check_shape(wanted, at), *self._check_held(wanted.roles, wanted.kind)]
        if faults:
            raise _refuse_fields("the account cannot be made", faults)
        self._check_reach(by, wanted.roles)
        _check_free(unit, wanted.email)
        user = User(
            id=self._ids.new("u"),
            name=wanted.name,
            email=wanted.email,
            roles=wanted.roles,
            password_hash=None,
            created_at=at,
            kind=wanted.kind,
            owner=_find_owner(unit, wanted, at),
            expires_at=wanted.until,
        )
        unit.users.add(user)
        self._record(unit, "user.created", by, at, after=user)
        return user, self._invite(unit, user, by, at) if user.kind is UserKind.PERSON else None

    def invite(self, unit: Unit, reference: str, by: Principal, at: datetime) -> tuple[User, str]:
        """Return a person with a new code to set their password; an earlier one is void.

        Raises:
            NotFoundError: there is no such account.
            ConflictError: it is no person's, is switched off, or has a password.
            DeniedError: it has a role that the caller may not give.
        """
        user = self._find_person(unit, reference, by)
        if user.password_hash is not None:
            raise ConflictError(
                f"{user.name} has a password", code="has_password", hint=f"`soar user reset {user.name}` takes it away"
            )
        return user, self._invite(unit, user, by, at)

    def change_roles(self, unit: Unit, reference: str, roles: Collection[str], by: Principal, at: datetime) -> User:
        """Give an account these roles, in the place of those it has.

        Raises:
            NotFoundError: there is no such account.
            InputError: there is no such role, or they do not go together.
            ConflictError: nobody could hand out roles any more.
            DeniedError: it is the caller's own account, or a role is concerned that the caller may not give.
        """
        user = self._find(unit, reference)
        wanted = frozenset(roles)
        faults = self._check_held(wanted, user.kind, user.grants)
        if faults:
            raise _refuse_fields(f"{user.name} cannot have these roles", faults)
        self._check_other(user, by, "change your own roles")
        self._check_reach(by, user.roles | wanted)
        changed = replace(user, roles=wanted)
        self._update(unit, "user.roles_changed", user, changed, by, at)
        return changed

    def change_grants(self, unit: Unit, reference: str, wanted: Holding, by: Principal, at: datetime) -> User:
        """Give an account these grants and teams, in the place of those it has; its roles stay.

        Raises:
            NotFoundError: there is no such account.
            InputError: there is no such role, or grants and roles do not go together (`grant.invalid`).
            ConflictError: it was made for an emergency.
            DeniedError: it is the caller's own account, or a role is concerned that the caller may not give.
        """
        user = self._find_lasting(unit, reference)
        self._check_other(user, by, "change your own grants")
        reasons = self._find_reasons(user.roles, user.kind, wanted.grants)
        if reasons:
            raise InputError("; ".join(reasons), code="grant.invalid", hint="`soar access grant --help` shows how")
        self._check_reach(by, user.roles | {grant.role for grant in wanted.grants})
        changed = replace(user, grants=wanted.grants, teams=wanted.teams)
        self._update(unit, "user.grants_set", user, changed, by, at)
        return changed

    def disable(self, unit: Unit, reference: str, by: Principal, at: datetime, reason: str | None = None) -> User:
        """Switch an account off: its logins, tokens and invitations are gone at once.

        Raises:
            NotFoundError: there is no such account.
            ConflictError: nobody could hand out roles any more.
            DeniedError: it is the caller's own account, or it has a role that the caller may not give.
        """
        user = self._find(unit, reference)
        self._check_other(user, by, "switch yourself off")
        self._check_reach(by, user.roles)
        if user.disabled_at is not None:
            return user
        changed = replace(user, disabled_at=at)
        self._update(unit, "user.disabled", user, changed, by, at, reason=reason)
        shut_out(unit, user.id, at)
        return changed

    def enable(self, unit: Unit, reference: str, until: datetime | None, by: Principal, at: datetime) -> User:
        """Switch an account on, until a moment or without an end; a password that it had is good again.

        Raises:
            NotFoundError: there is no such account.
            InputError: the moment is over.
            ConflictError: it was made for an emergency; or it is the last that has no end and could hand out roles.
            DeniedError: it is the caller's own account, or it has a role that the caller may not give.
        """
        user = self._find_lasting(unit, reference)
        if until is not None and until <= at:
            raise _refuse_fields("the account cannot be switched on", [FieldFault("/until", "is over already")])
        self._check_other(user, by, "change your own end")
        self._check_reach(by, user.roles)
        changed = replace(user, disabled_at=None, expires_at=until)
        if changed != user:
            self._update(unit, "user.enabled", user, changed, by, at)
        return changed

    def reset(
        self, unit: Unit, reference: str, by: Principal, at: datetime, *, has_lost_factors: bool = False
    ) -> tuple[User, str]:
        """Take a person's password away, end their logins and tokens, and invite them to set a new one.

        Args:
            unit: a writing transaction.
            reference: name or id.
            by: who does it.
            at: the moment.
            has_lost_factors: whether the second factors and recovery codes go, too.

        Raises:
            NotFoundError: there is no such account.
            ConflictError: it is no person's, or is switched off.
            DeniedError: it has a role that the caller may not give.
        """
        user = self._find_person(unit, reference, by)
        changed = replace(user, password_hash=None)
        unit.users.update(changed)
        if has_lost_factors:
            for factor in unit.factors.of(user.id):
                unit.factors.remove(factor.id)
            unit.codes.remove_of(user.id, CodePurpose.RECOVERY)
        self._record(unit, "user.reset", by, at, before=user, after=changed, more={"factors_removed": has_lost_factors})
        shut_out(unit, user.id, at)
        return changed, self._invite(unit, changed, by, at)

    def find_invited(self, unit: Unit, code: str, at: datetime) -> User | None:
        """Return whom a code invites; None if it counts for nothing."""
        found = unit.codes.find(hash_code(CodePurpose.INVITATION, code), at)
        if found is None or found.purpose is not CodePurpose.INVITATION:
            return None
        user = unit.users.get(found.user)
        return user if user is not None and user.may_act(at) else None

    def accept(self, unit: Unit, code: str, password_hash: str, actor: Actor, at: datetime) -> User | None:
        """Set the password of whom a code invites; None if it counts for nothing. It does not count again."""
        user = self.find_invited(unit, code, at)
        if user is None:
            return None
        unit.codes.remove(hash_code(CodePurpose.INVITATION, code))
        return self.set_password(unit, user, password_hash, actor, at)

    def set_password(
        self, unit: Unit, user: User, password_hash: str, actor: Actor, at: datetime, *, current: str = ""
    ) -> User:
        """Set a person's password and end their logins, but for the current one.

        Args:
            unit: a writing transaction.
            user: whose it is.
            password_hash: argon2id in PHC form.
            actor: who sets it.
            at: the moment.
            current: key of the login that goes on.
        """
        changed = replace(user, password_hash=password_hash)
        unit.users.update(changed)
        for session in unit.sessions.list_of(user.id):
            if session.key != current:
                unit.sessions.remove(session.key)
        event = AuditEvent(
            type="user.password_set", outcome=Outcome.SUCCESS, actor=actor, target=_describe_target(changed)
        )
        record(unit, event, at=at, id=self._ids.new("ev"))
        return changed

    def _invite(self, unit: Unit, user: User, by: Principal, at: datetime) -> str:
        code = draw_code(self._randomness)
        unit.codes.remove_of(user.id, CodePurpose.INVITATION)
        issued = issue_code(unit, user.id, CodePurpose.INVITATION, code, at, INVITATION_LIFE)
        until = print_timestamp(issued.expires_at) if issued.expires_at else None
        self._record(unit, "user.invited", by, at, after=user, more={"until": until})
        return code

    def _find(self, unit: Unit, reference: str) -> User:
        user = unit.users.get(reference) or unit.users.find_name(reference)
        if user is None:
            raise NotFoundError(f"there is no account {reference}", hint="`soar user list` shows them")
        return user

    def _find_lasting(self, unit: Unit, reference: str) -> User:
        user = self._find(unit, reference)
        if user.kind is UserKind.EMERGENCY:
            raise ConflictError(f"{user.name} was made for an emergency, and ends with it", code="emergency_account")
        return user

    def _find_person(self, unit: Unit, reference: str, by: Principal) -> User:
        user = self._find_lasting(unit, reference)
        if user.kind is not UserKind.PERSON:
            raise ConflictError(f"{user.name} is a program and has no password", hint="make a token for it")
        if user.disabled_at is not None:
            raise ConflictError(f"{user.name} is switched off", hint=f"soar user enable {user.name}")
        self._check_other(user, by, "take your own password away")
        self._check_reach(by, user.roles)
        return user

    def _check_held(self, roles: Collection[str], kind: UserKind, grants: Collection[Grant] = ()) -> list[FieldFault]:
        return [FieldFault("/roles", reason) for reason in self._find_reasons(roles, kind, grants)]

    def _find_reasons(self, roles: Collection[str], kind: UserKind, grants: Collection[Grant]) -> list[str]:
        reasons = check_grants(grants, roles, table=self._roles)
        if kind is UserKind.SERVICE:
            named = {*roles, *(grant.role for grant in grants)}
            reasons += [f"a program cannot be `{role}`: people hand out rights" for role in self._find_managing(named)]
        return reasons

    def _check_reach(self, by: Principal, roles: Collection[str]) -> None:
        """Refuse to touch a role that hands out rights by somebody who may not do everything that it allows everywhere.

        Raises:
            DeniedError: a role reaches further than the caller.
        """
        held = {permission for permission in Permission if is_unlimited(by, permission, roles=self._roles)}
        for role in self._find_managing(roles):
            if not self._roles[role] <= held:
                raise DeniedError(
                    f"only who may do everything that `{role}` allows can give it, take it, or change who has it",
                    code="beyond_reach",
                )

    def _check_other(self, user: User, by: Principal, what: str) -> None:
        if user.id == by.id:
            raise DeniedError(f"you cannot {what}", code="own_account", hint="ask another administrator")

    def _find_managing(self, roles: Collection[str]) -> list[str]:
        return sorted(role for role in roles if Permission.USER_WRITE in self._roles.get(role, frozenset()))

    def _update(
        self,
        unit: Unit,
        kind: str,
        before: User,
        after: User,
        by: Principal,
        at: datetime,
        *,
        reason: str | None = None,
    ) -> None:
        unit.users.update(after)
        check_administered(unit, before, at)
        self._record(unit, kind, by, at, before=before, after=after, reason=reason)

    def _record(
        self,
        unit: Unit,
        kind: str,
        by: Principal,
        at: datetime,
        *,
        after: User,
        before: User | None = None,
        reason: str | None = None,
        more: dict[str, JsonValue] | None = None,
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=describe_principal(by),
            target=_describe_target(after),
            reason=reason,
            before=describe_account(before) if before else None,
            after={**describe_account(after), **(more or {})},
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def shut_out(unit: Unit, user: str, at: datetime) -> None:
    """End everything by which an account could still act: logins, tokens, invitations."""
    unit.sessions.remove_of(user)
    unit.tokens.revoke_of(user, at)
    unit.codes.remove_of(user, CodePurpose.INVITATION)


def describe_account(user: User) -> dict[str, JsonValue]:
    """Return an account as the audit shows it: nothing that proves who they are."""
    return {
        "kind": user.kind.value,
        "email": user.email,
        "roles": [*sorted(user.roles)],
        "grants": dump_grants(user.grants),
        "teams": [*sorted(user.teams)],
        "owner": user.owner,
        "has_password": user.password_hash is not None,
        "disabled_at": print_timestamp(user.disabled_at) if user.disabled_at else None,
        "expires_at": print_timestamp(user.expires_at) if user.expires_at else None,
    }


def _describe_target(user: User) -> dict[str, JsonValue]:
    return {"kind": "user", "id": user.id, "name": user.name}


def _check_shape(wanted: NewAccount, at: datetime) -> list[FieldFault]:
    faults = []
    if not _NAME.fullmatch(wanted.name):
        faults.append(FieldFault("/name", "use lower-case letters, digits, `.` and `-`, at most 64"))
    if not _EMAIL.fullmatch(wanted.email):
        faults.append(FieldFault("/email", "is no address"))
    if wanted.until is not None and wanted.until <= at:
        faults.append(FieldFault("/until", "is over already"))
    if (wanted.kind is UserKind.SERVICE) != (wanted.owner is not None):
        faults.append(FieldFault("/owner", "a program has an owner, and a person has none"))
    if wanted.kind is UserKind.EMERGENCY:
        faults.append(FieldFault("/kind", "an emergency account is made on the server's own machine"))
    return faults


def _check_free(unit: Unit, email: str) -> None:
    """Refuse an address that somebody has: gates name people by it."""
    plain = email.casefold()
    holder = next((user for user in unit.users.list(_EVERYBODY).items if user.email.casefold() == plain), None)
    if holder is not None:
        raise ConflictError(f"{holder.name} has the address {email}", code="email_taken", hint="use another")


def _find_owner(unit: Unit, wanted: NewAccount, at: datetime) -> str | None:
    if wanted.owner is None:
        return None
    owner = unit.users.get(wanted.owner) or unit.users.find_name(wanted.owner)
    if owner is None or owner.kind is not UserKind.PERSON or not owner.may_act(at):
        raise _refuse_fields("the account cannot be made", [FieldFault("/owner", "is nobody who could answer for it")])
    return owner.id


def _refuse_fields(what: str, faults: list[FieldFault]) -> InputError:
    said = "; ".join(f"{fault.pointer} {fault.message}" for fault in faults)
    return InputError(f"{what}: {said}", hint="correct these fields", faults=faults)
