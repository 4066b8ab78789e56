"""People who come from the identity provider: made, given roles, switched off. Each change with its audit event."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from soar.access.roles import RoleTable
from soar.audit.record import record
from soar.federation.provider import Provider, check_mapped
from soar.federation.token import Login
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, DeniedError
from soar.model.federation import Account
from soar.model.identity import User
from soar.model.ids import Ids
from soar.model.values import JsonValue
from soar.people.accounts import shut_out
from soar.people.administration import check_administered
from soar.store import Unit

LONGEST_NAME = 100
"""Characters of a person's name; the provider may allow more."""

_SUFFIX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Changes people on behalf of the identity provider, inside one transaction.

    Attributes:
        provider: whose people they are; nobody else's are touched.
        roles: the installation's table.
        actor: whom the audit names.
        at: the moment.
    """

    unit: Unit
    provider: Provider
    roles: RoleTable
    ids: Ids
    actor: Actor
    at: datetime

    def admit(self, login: Login) -> User:
        """Return the person who logged in; the first login makes them. Their roles are those of their groups now.

        Where the provider keeps groups here by SCIM, these count, and not what the login says of groups.

        Raises:
            DeniedError: they are switched off (`sign_on.disabled`), have no role (`sign_on.no_role`), or roles that do
                not go together (`sign_on.roles`).
            ConflictError: they are the last admin, and would no longer be one (`last_admin`).
        """
        account = self.unit.accounts.find(self.provider.issuer, login.subject)
        user = self.unit.users.get(account.id) if account else None
        if user is not None and not user.may_act(self.at):
            raise DeniedError(
                "you were switched off here",
                code="sign_on.disabled",
                hint="ask whoever runs this installation",
            )
        roles = self._find_roles(user, login.groups or ())
        check_mapped(roles, self.roles)
        if user is None:
            return self.make(
                login.user_name, email=login.email, subject=login.subject, roles=roles, display=login.display_name
            )
        user = self.change_roles(user, roles)
        return self.change_email(user, login.email)

    def make(
        self,
        user_name: str,
        *,
        email: str,
        subject: str | None,
        roles: frozenset[str],
        display: str,
        is_active: bool = True,
    ) -> User:
        """Make a person, with an account.

        Raises:
            ConflictError: the subject has an account.
        """
        user = User(
            id=self.ids.new("u"),
            name=self._choose_name(user_name),
            email=self._choose_email(email, None),
            roles=roles,
            password_hash=None,
            created_at=self.at,
            disabled_at=None if is_active else self.at,
        )
        account = Account(
            id=user.id,
            issuer=self.provider.issuer,
            subject=subject,
            user_name=user_name,
            handle=fold_name(user_name),
            display_name=display,
            is_active=is_active,
            created_at=self.at,
            changed_at=self.at,
        )
        self.unit.accounts.add(account)
        self.unit.users.add(user)
        self.report("user.created", user, after={"roles": [*sorted(roles)], "subject": subject})
        return user

    def change_roles(self, user: User, roles: frozenset[str]) -> User:
        """Give a person exactly these roles; they hold from the next request on.

        Raises:
            ConflictError: they are the last admin, and would no longer be one (`last_admin`).
        """
        if user.roles == roles:
            return user
        changed = replace(user, roles=roles)
        self.unit.users.update(changed)
        check_administered(self.unit, user, self.at)
        before: dict[str, JsonValue] = {"roles": [*sorted(user.roles)]}
        self.report("user.roles_changed", changed, before=before, after={"roles": [*sorted(roles)]})
        return changed

    def change_email(self, user: User, wanted: str) -> User:
        """Give a person this address, unless it is none or somebody else's: what is sent to them would go astray."""
        email = self._choose_email(wanted, user)
        if email == user.email:
            return user
        changed = replace(user, email=email)
        self.unit.users.update(changed)
        self.report("user.changed", changed, before={"email": user.email}, after={"email": email})
        return changed

    def switch_off(self, user: User) -> User:
        """Switch a person off; every login and token of theirs is gone with it.

        Raises:
            ConflictError: they are the last admin (`last_admin`).
        """
        if user.disabled_at is not None:
            return user
        changed = replace(user, disabled_at=self.at)
        self.unit.users.update(changed)
        check_administered(self.unit, user, self.at)
        shut_out(self.unit, user.id, self.at)
        self.report("user.disabled", changed)
        return changed

    def switch_on(self, user: User) -> User:
        """Let a person log in again; their earlier logins and tokens stay gone."""
        if user.disabled_at is None:
            return user
        changed = replace(user, disabled_at=None)
        self.unit.users.update(changed)
        self.report("user.enabled", changed)
        return changed

    def assign(self, users: Iterable[str]) -> None:
        """Give people the roles of the groups they are in by now; whoever is not there any more is passed over.

        Raises:
            ConflictError: nobody would be left as admin (`last_admin`), or somebody's roles would not go together
                (`sign_on.roles`).
        """
        for id_ in sorted(users):
            user = self.unit.users.get(id_)
            if user is None:
                continue
            roles = self._find_roles(user, ())
            if roles:
                _check_together(roles, self.roles)
            self.change_roles(user, roles)

    def report(
        self,
        kind: str,
        user: User,
        *,
        before: dict[str, JsonValue] | None = None,
        after: dict[str, JsonValue] | None = None,
    ) -> None:
        """Append to the audit what was done to a person."""
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=self.actor,
            target={"kind": "user", "id": user.id, "name": user.name},
            before=before,
            after=after,
        )
        record(self.unit, event, at=self.at, id=self.ids.new("ev"))

    def _find_roles(self, user: User | None, said: Iterable[str]) -> frozenset[str]:
        kept = self.unit.groups.all()
        groups = [group.name for group in kept if user is not None and user.id in group.members] if kept else said
        return self.provider.map_groups(groups)

    def _choose_name(self, wanted: str) -> str:
        """Return a name that nobody has yet: never that of somebody who was here before."""
        name = clean_name(wanted) or "person"
        if self.unit.users.find_name(name) is None:
            return name
        return f"{name}-{self.ids.code(_SUFFIX).lower()}"

    def _choose_email(self, wanted: str, user: User | None) -> str:
        holder = self.unit.users.find_email(wanted) if wanted else None
        if holder is not None and (user is None or holder.id != user.id):
            return user.email if user else ""
        return wanted or (user.email if user else "")


def fold_name(user_name: str) -> str:
    """Return a name at the provider as it is compared: without regard to case (RFC 7643, section 4.1.1)."""
    return user_name.casefold()


def clean_name(text: str) -> str:
    """Return a name that can be shown anywhere: printable, at most 100 characters."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_NAME].strip()


def _check_together(roles: frozenset[str], table: RoleTable) -> None:
    try:
        check_mapped(roles, table)
    except DeniedError as error:
        raise ConflictError(error.message, code=error.code, hint=error.hint) from error
