"""People and groups as the identity provider keeps them by SCIM, inside one transaction."""

from dataclasses import dataclass, replace

from soar.audit.record import record
from soar.federation.people import Registrar, fold_name
from soar.federation.scim import Equality, ScimGroup, ScimUser
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import BugError, ConflictError, InputError, NotFoundError
from soar.model.federation import Account, Group
from soar.model.identity import User
from soar.model.values import JsonValue
from soar.store import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person, as both sides know them."""

    account: Account
    user: User
    groups: tuple[Group, ...]


class Directory:
    """What the identity provider keeps here. Only people who come from it are seen, and changed.

    Args:
        registrar: changes people.
    """

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    @property
    def _unit(self) -> Unit:
        return self._registrar.unit

    def get_person(self, id_: str) -> Person:
        """Return a person.

        Raises:
            NotFoundError: the provider has nobody of this id here.
        """
        account = self._unit.accounts.get(id_)
        if account is None:
            raise NotFoundError("there is no such person", hint="list them with GET /scim/v2/Users")
        return self._join(account)

    def describe_person(self, id_: str) -> ScimUser:
        """Return what the provider would say of a person; as `get_person`."""
        return _write_said(self.get_person(id_))

    def list_people(self, only: Equality | None, start: int, count: int) -> tuple[int, tuple[Person, ...]]:
        """Return how many there are, and a page of them.

        Args:
            only: which of them; None is all.
            start: the first to return, counted from 1.
            count: how many to return at most.
        """
        if only is None:
            accounts = self._unit.accounts.list(start - 1, count)
            return self._unit.accounts.count(), tuple(map(self._join, accounts))
        found = self._find_accounts(only)
        return len(found), tuple(map(self._join, found[start - 1 : start - 1 + count]))

    def add_person(self, said: ScimUser) -> Person:
        """Make a person; they have no role until a group gives them one.

        Raises:
            ConflictError: the provider has somebody of this name or id here.
        """
        self._keep_unique(said, None)
        user = self._registrar.make(
            said.user_name,
            email=said.email,
            subject=said.external_id,
            roles=frozenset(),
            display=said.display_name,
            is_active=said.is_active,
        )
        return self.get_person(user.id)

    def change_person(self, id_: str, said: ScimUser) -> Person:
        """Make a person what the provider says; switched off, every login and token of theirs is gone.

        Raises:
            NotFoundError: the provider has nobody of this id here.
            ConflictError: somebody else has this name or id, or they are the last admin.
        """
        person = self.get_person(id_)
        if said == _write_said(person):
            return person
        self._keep_unique(said, person)
        changed = replace(
            person.account,
            subject=said.external_id,
            user_name=said.user_name,
            handle=fold_name(said.user_name),
            display_name=said.display_name,
            is_active=said.is_active,
            changed_at=self._registrar.at,
        )
        self._unit.accounts.update(changed)
        if changed.subject != person.account.subject:
            self._unit.sessions.remove_of(id_)
        user = self._registrar.change_email(person.user, said.email)
        self._registrar.report("account.changed", user, before=_describe(person.account), after=_describe(changed))
        match person.account.is_active, changed.is_active:
            case False, True:
                self._registrar.switch_on(user)
            case _, False:
                self._registrar.switch_off(user)
            case _:  # whoever was switched off here stays so until they are switched on here
                pass
        return self.get_person(id_)

    def remove_person(self, id_: str) -> None:
        """Switch a person off, and forget that the provider knows them. What they did stays theirs.

        Raises:
            NotFoundError: the provider has nobody of this id here.
            ConflictError: they are the last admin.
        """
        person = self.get_person(id_)
        self._registrar.switch_off(person.user)
        for group in person.groups:
            self._unit.groups.update(replace(group, members=group.members - {id_}, changed_at=self._registrar.at))
        self._unit.accounts.remove(id_)
        self._registrar.report("account.removed", person.user, before=_describe(person.account))

    def get_group(self, id_: str) -> Group:
        """Return a group.

        Raises:
            NotFoundError: there is none of this id.
        """
        group = self._unit.groups.get(id_)
        if group is None:
            raise NotFoundError("there is no such group", hint="list them with GET /scim/v2/Groups")
        return group

    def describe_group(self, id_: str) -> ScimGroup:
        """Return what the provider would say of a group; as `get_group`."""
        group = self.get_group(id_)
        return ScimGroup(name=group.name, external_id=group.external_id, members=group.members)

    def list_groups(self, only: Equality | None, start: int, count: int) -> tuple[int, tuple[Group, ...]]:
        """Return how many there are, and a page of them; as `list_people`."""
        found = tuple(group for group in self._unit.groups.all() if only is None or _is_meant(group, only))
        return len(found), found[start - 1 : start - 1 + count]

    def add_group(self, said: ScimGroup) -> Group:
        """Make a group; its members get the role that it stands for.

        Raises:
            ConflictError: there is one of this name; or nobody would be left as admin, or somebody's roles would not
                go together.
            InputError: a member is nobody whom the provider has here (`scim.value`).
        """
        at = self._registrar.at
        group = Group(
            id=self._registrar.ids.new("g"),
            name=said.name,
            external_id=said.external_id,
            members=self._check_members(said.members),
            created_at=at,
            changed_at=at,
        )
        self._unit.groups.add(group)
        self._report("group.created", group, None)
        self._registrar.assign(group.members)
        return group

    def change_group(self, id_: str, said: ScimGroup) -> Group:
        """Make a group what the provider says; whoever came, stays or went has the roles that follow from it.

        Raises:
            NotFoundError: there is none of this id.
            ConflictError: another has this name; or nobody would be left as admin, or somebody's roles would not go
                together.
            InputError: a new member is nobody whom the provider has here (`scim.value`).
        """
        known = self.get_group(id_)
        self._check_members(said.members - known.members)
        changed = replace(
            known,
            name=said.name,
            external_id=said.external_id,
            members=said.members,
            changed_at=self._registrar.at,
        )
        self._unit.groups.update(changed)
        self._report("group.changed", changed, known)
        is_renamed = changed.name != known.name
        self._registrar.assign(known.members | changed.members if is_renamed else known.members ^ changed.members)
        return changed

    def remove_group(self, id_: str) -> None:
        """Remove a group; its members lose the role that it stands for.

        Raises:
            NotFoundError: there is none of this id.
            ConflictError: nobody would be left as admin.
        """
        group = self.get_group(id_)
        self._unit.groups.remove(id_)
        self._report("group.removed", replace(group, members=frozenset()), group)
        self._registrar.assign(group.members)

    def _find_accounts(self, only: Equality) -> tuple[Account, ...]:
        accounts = self._unit.accounts
        match only.attribute:
            case "username":
                return accounts.find_handle(fold_name(only.value))
            case "externalid":
                found = accounts.find(self._registrar.provider.issuer, only.value)
            case _:
                found = accounts.get(only.value)
        return () if found is None else (found,)

    def _join(self, account: Account) -> Person:
        user = self._unit.users.get(account.id)
        if user is None:
            raise BugError(f"the account of {account.id} belongs to nobody")
        return Person(account=account, user=user, groups=self._unit.groups.of(account.id))

    def _keep_unique(self, said: ScimUser, known: Person | None) -> None:
        own = known.account.id if known else None
        issuer = self._registrar.provider.issuer
        same_name = self._unit.accounts.find_handle(fold_name(said.user_name))
        same_id = self._unit.accounts.find(issuer, said.external_id) if said.external_id else None
        if any(account.id != own for account in same_name) or (same_id is not None and same_id.id != own):
            raise ConflictError("there is somebody of this userName or externalId already", code="scim.uniqueness")

    def _check_members(self, members: frozenset[str]) -> frozenset[str]:
        for member in sorted(members):
            if self._unit.accounts.get(member) is None:
                raise InputError("a member is not among the people here", code="scim.value", hint="add them before")
        return members

    def _report(self, kind: str, group: Group, known: Group | None) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=self._registrar.actor,
            target={"kind": "group", "id": group.id, "name": group.name},
            before=_describe_group(known) if known else None,
            after=_describe_group(group),
        )
        record(self._unit, event, at=self._registrar.at, id=self._registrar.ids.new("ev"))


def _write_said(person: Person) -> ScimUser:
    return ScimUser(
        user_name=person.account.user_name,
        external_id=person.account.subject,
        display_name=person.account.display_name,
        email=person.user.email,
        is_active=person.account.is_active,
    )


def _is_meant(group: Group, only: Equality) -> bool:
    match only.attribute:
        case "displayname":
            return group.name == only.value
        case "externalid":
            return group.external_id == only.value
        case _:
            return group.id == only.value


def _describe(account: Account) -> dict[str, JsonValue]:
    return {
        "subject": account.subject,
        "user_name": account.user_name,
        "display_name": account.display_name,
        "is_active": account.is_active,
    }


def _describe_group(group: Group) -> dict[str, JsonValue]:
    return {"name": group.name, "external_id": group.external_id, "members": [*sorted(group.members)]}
