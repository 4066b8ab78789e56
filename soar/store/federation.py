"""People and groups of an identity provider, and the logins that come from it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Table, delete, func, select, update

from soar.model.errors import ConflictError
from soar.model.federation import Account, Group, PendingLogin, SignOn
from soar.store.federation_tables import ACCOUNTS, DIRECTORY_GROUPS, PENDING_LOGINS, SIGN_ONS, SPENT_TOKENS
from soar.store.repository import Repository
from soar.store.rows import PerDialect, Rows, given

_PENDING = Rows(PENDING_LOGINS, PendingLogin, key=("key",))
_GET_PENDING = _PENDING.where("key")
_REMOVE_PENDING = delete(_PENDING.table).where(*_PENDING.match("key"))
_PRUNE_PENDING = delete(_PENDING.table).where(*_PENDING.match(), _PENDING.table.c.expires_at <= given("at"))

_SIGN_ONS = Rows(SIGN_ONS, SignOn, key=("session",))
_GET_SIGN_ON = _SIGN_ONS.where("session")
_SIGN_ONS_OF = _SIGN_ONS.where("issuer", "subject")
_SIGN_ONS_AS = _SIGN_ONS.where("issuer", "sid")
_REMOVE_SIGN_ON = delete(_SIGN_ONS.table).where(*_SIGN_ONS.match("session"))
_FOLLOW = update(_SIGN_ONS.table).where(*_SIGN_ONS.match("session")).values(session=given("successor"))
_PRUNE_SIGN_ONS = delete(_SIGN_ONS.table).where(*_SIGN_ONS.match(), _SIGN_ONS.table.c.expires_at <= given("at"))

_SPENT: Table = SPENT_TOKENS
_SPEND = PerDialect(
    lambda insert: insert(_SPENT).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)
)
_PRUNE_SPENT = delete(_SPENT).where(_SPENT.c.workspace == given("workspace"), _SPENT.c.expires_at <= given("at"))

_ACCOUNTS = Rows(ACCOUNTS, Account)
_ACCOUNT_BY_AGE = _ACCOUNTS.table.c.position
_GET_ACCOUNT = _ACCOUNTS.where("id")
_FIND_SUBJECT = _ACCOUNTS.where("issuer", "subject")
_FIND_HANDLE = _ACCOUNTS.where("handle").order_by(_ACCOUNT_BY_AGE)
_SLICE = _ACCOUNTS.where().order_by(_ACCOUNT_BY_AGE).offset(given("skipped")).limit(given("limit"))
_COUNT = select(func.count()).select_from(_ACCOUNTS.table).where(*_ACCOUNTS.match())
_HOLDERS = select(_ACCOUNTS.table.c.id).where(*_ACCOUNTS.match(), _ACCOUNTS.table.c.is_active)
_UPDATE_ACCOUNT = _ACCOUNTS.change()
_REMOVE_ACCOUNT = delete(_ACCOUNTS.table).where(*_ACCOUNTS.match("id"))

_GROUPS = Rows(DIRECTORY_GROUPS, Group)
_GET_GROUP = _GROUPS.where("id")
_FIND_GROUP = _GROUPS.where("name")
_ALL_GROUPS = _GROUPS.where().order_by(_GROUPS.table.c.position)
_UPDATE_GROUP = _GROUPS.change()
_REMOVE_GROUP = delete(_GROUPS.table).where(*_GROUPS.match("id"))


class PendingLogins(Repository):
    """Logins that were begun at the identity provider and have not come back."""

    __slots__ = ()

    def add(self, pending: PendingLogin) -> None:
        """Add one, and forget those that have expired by its moment.

        Raises:
            ConflictError: its key is taken.
        """
        self._run(_PRUNE_PENDING, given_at=pending.created_at)
        self._add(_PENDING, pending, "there is a pending login with this key already")

    def take(self, key: str) -> PendingLogin | None:
        """Return the login with this key and forget it, so that it comes back once; it may have expired."""
        found = self._first(_PENDING, _GET_PENDING, given_key=key)
        removed = self._run(_REMOVE_PENDING, given_key=key).rowcount
        return found if removed == 1 else None


class SignOns(Repository):
    """Which logins came from the identity provider."""

    __slots__ = ()

    def add(self, sign_on: SignOn, at: datetime) -> None:
        """Add one, and forget those that have expired.

        Raises:
            ConflictError: its session is taken.
        """
        self._run(_PRUNE_SIGN_ONS, given_at=at)
        self._add(_SIGN_ONS, sign_on, "this login is known already")

    def get(self, session: str) -> SignOn | None:
        """Return how a login came about; None if not through the identity provider."""
        return self._first(_SIGN_ONS, _GET_SIGN_ON, given_session=session)

    def of(self, issuer: str, subject: str) -> tuple[SignOn, ...]:
        """Return all of a person."""
        return self._all(_SIGN_ONS, _SIGN_ONS_OF, given_issuer=issuer, given_subject=subject)

    def of_sid(self, issuer: str, sid: str) -> tuple[SignOn, ...]:
        """Return all that came from one login at the identity provider."""
        return self._all(_SIGN_ONS, _SIGN_ONS_AS, given_issuer=issuer, given_sid=sid)

    def follow(self, session: str, successor: str) -> None:
        """Let one go with its login, if it came so, to the key that the login has from now on."""
        self._send(_FOLLOW, given_session=session, given_successor=successor)

    def remove(self, session: str) -> None:
        """Forget one, if it is there."""
        self._run(_REMOVE_SIGN_ON, given_session=session)


class SpentTokens(Repository):
    """Tokens that count once."""

    __slots__ = ()

    def spend(self, key: str, at: datetime, expires_at: datetime) -> bool:
        """Let a token count; return False if it has counted before.

        Args:
            key: names the token.
            at: the moment; what has expired by then is forgotten.
            expires_at: from when on it is refused for its age, and need not be remembered.
        """
        self._run(_PRUNE_SPENT, given_at=at)
        values = {"workspace": self._workspace, "key": key, "expires_at": expires_at}
        return self._connection.execute(_SPEND.on(self._connection), values).rowcount == 1


class Accounts(Repository):
    """People as the identity provider knows them."""

    __slots__ = ()

    def add(self, account: Account) -> None:
        """Add one.

        Raises:
            ConflictError: the person or the subject has one already.
        """
        self._add(_ACCOUNTS, account, f"there is an account of {account.subject or account.user_name} already")

    def get(self, user: str) -> Account | None:
        """Return a person's account."""
        return self._first(_ACCOUNTS, _GET_ACCOUNT, given_id=user)

    def find(self, issuer: str, subject: str) -> Account | None:
        """Return whoever this is at the identity provider."""
        return self._first(_ACCOUNTS, _FIND_SUBJECT, given_issuer=issuer, given_subject=subject)

    def find_handle(self, handle: str) -> tuple[Account, ...]:
        """Return who is called so, the first added first."""
        return self._all(_ACCOUNTS, _FIND_HANDLE, given_handle=handle)

    def list(self, skipped: int, limit: int) -> tuple[Account, ...]:
        """Return so many after those skipped, in the order they were added."""
        return self._all(_ACCOUNTS, _SLICE, given_skipped=skipped, given_limit=limit)

    def holders(self) -> Collection[str]:
        """Return the ids of everybody whom the identity provider lets log in."""
        return frozenset(id_ for (id_,) in self._fetch(_HOLDERS))

    def count(self) -> int:
        """Return how many there are."""
        return int(self._run(_COUNT).scalar_one())

    def update(self, account: Account) -> None:
        """Replace one.

        Raises:
            NotFoundError: it is not there.
            ConflictError: the subject is another's.
        """
        holder = self.find(account.issuer, account.subject) if account.subject else None
        if holder is not None and holder.id != account.id:
            raise ConflictError(f"there is an account of {account.subject} already")
        self._replace(_ACCOUNTS, _UPDATE_ACCOUNT, account)

    def remove(self, user: str) -> None:
        """Remove one, if it is there."""
        self._run(_REMOVE_ACCOUNT, given_id=user)


class Groups(Repository):
    """Groups of people."""

    __slots__ = ()

    def add(self, group: Group) -> None:
        """Add one.

        Raises:
            ConflictError: the name or the id is taken.
        """
        self._add(_GROUPS, group, f"there is a group {group.name} already")

    def get(self, group: str) -> Group | None:
        """Return the group with this id."""
        return self._first(_GROUPS, _GET_GROUP, given_id=group)

    def all(self) -> tuple[Group, ...]:
        """Return every group, in the order they were added."""
        return self._all(_GROUPS, _ALL_GROUPS)

    def of(self, user: str) -> tuple[Group, ...]:
        """Return the groups that a person is in."""
        return tuple(group for group in self.all() if user in group.members)

    def update(self, group: Group) -> None:
        """Replace one.

        Raises:
            NotFoundError: it is not there.
            ConflictError: the new name is taken.
        """
        holder = self._first(_GROUPS, _FIND_GROUP, given_name=group.name)
        if holder is not None and holder.id != group.id:
            raise ConflictError(f"there is a group {group.name} already")
        self._replace(_GROUPS, _UPDATE_GROUP, group)

    def remove(self, group: str) -> None:
        """Remove one, if it is there."""
        self._run(_REMOVE_GROUP, given_id=group)
