"""People, their logins and their API tokens."""

from datetime import datetime

from sqlalchemy import bindparam, delete, update

from soar.model.errors import ConflictError
from soar.model.identity import Session, Token, User
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import SESSIONS, TOKENS, USERS

_USERS = Rows(USERS, User)
_BY_AGE = _USERS.table.c.position
_GET_USER = _USERS.where("id")
_FIND_NAME = _USERS.where("name")
_FIND_EMAIL = _USERS.where("email").order_by(_BY_AGE).limit(1)
_EVERYBODY = _USERS.where().order_by(_BY_AGE)
_ANYBODY = _USERS.where().limit(1)
_UPDATE_USER = _USERS.change()

_SESSIONS = Rows(SESSIONS, Session, key=("key",))
_GET_SESSION = _SESSIONS.where("key")
_UPDATE_SESSION = _SESSIONS.change()
_REMOVE_SESSION = delete(_SESSIONS.table).where(*_SESSIONS.match("key"))
_SESSIONS_OF = _SESSIONS.where("user").order_by(_SESSIONS.table.c.created_at, _SESSIONS.table.c.key)
_REMOVE_SESSIONS = delete(_SESSIONS.table).where(*_SESSIONS.match("user"))

_TOKENS = Rows(TOKENS, Token)
_GET_TOKEN = _TOKENS.where("id")
_TOKENS_OF = _TOKENS.where("user").order_by(_TOKENS.table.c.position)
_UPDATE_TOKEN = _TOKENS.change()
_REVOKE_TOKENS = (
    update(_TOKENS.table)
    .where(*_TOKENS.match("user"), _TOKENS.table.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("revoked_at"))
)


class Users(Repository):
    """The people of a workspace. Names and e-mail addresses are compared as they are written."""

    __slots__ = ()

    def add(self, user: User) -> None:
        """Add a person.

        Raises:
            ConflictError: the name or the id is taken.
        """
        self._add(_USERS, user, f"the name {user.name} is taken")

    def get(self, user: str) -> User | None:
        """Return the person with this id."""
        return self._first(_USERS, _GET_USER, given_id=user)

    def find_name(self, name: str) -> User | None:
        """Return the person who logs in with this name."""
        return self._first(_USERS, _FIND_NAME, given_name=name)

    def find_email(self, email: str) -> User | None:
        """Return the person with this address; the one who was added first, if several have it."""
        return self._first(_USERS, _FIND_EMAIL, given_email=email)

    def update(self, user: User) -> None:
        """Replace the person.

        Raises:
            NotFoundError: they are not there.
            ConflictError: the new name is taken.
        """
        holder = self.find_name(user.name)
        if holder is not None and holder.id != user.id:
            raise ConflictError(f"the name {user.name} is taken")
        self._replace(_USERS, _UPDATE_USER, user)

    def list(self, limit: int, cursor: str | None = None) -> Page[User]:
        """Return a page of people, newest first."""
        return self._page(_USERS, limit, cursor)

    def with_role(self, role: str) -> tuple[User, ...]:
        """Return everybody who holds the role, be it for a part of the world, in the order they were added.

        Those switched off are included.
        """
        everybody = self._all(_USERS, _EVERYBODY)
        return tuple(user for user in everybody if role in user.roles or any(g.role == role for g in user.grants))

    def is_empty(self) -> bool:
        """Whether there is nobody yet."""
        return self._first(_USERS, _ANYBODY) is None


class Sessions(Repository):
    """The logins of a workspace."""

    __slots__ = ()

    def add(self, session: Session) -> None:
        """Add a login.

        Raises:
            ConflictError: its key is taken.
        """
        self._add(_SESSIONS, session, "there is a session with this key already")

    def get(self, key: str) -> Session | None:
        """Return the login with this key, whether it has ended or not."""
        return self._first(_SESSIONS, _GET_SESSION, given_key=key)

    def update(self, session: Session) -> None:
        """Replace the login.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_SESSIONS, _UPDATE_SESSION, session)

    def list_of(self, user: str) -> tuple[Session, ...]:
        """Return a person's logins in the order they were begun, those included that have ended by themselves."""
        return self._all(_SESSIONS, _SESSIONS_OF, given_user=user)

    def remove(self, key: str) -> None:
        """Remove the login with this key, if it is there."""
        self._run(_REMOVE_SESSION, given_key=key)

    def remove_of(self, user: str) -> None:
        """Remove all logins of a person."""
        self._run(_REMOVE_SESSIONS, given_user=user)


class Tokens(Repository):
    """The API tokens of a workspace."""

    __slots__ = ()

    def add(self, token: Token) -> None:
        """Add a token.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_TOKENS, token, f"there is a token {token.id} already")

    def get(self, token: str) -> Token | None:
        """Return the token with this id, whether it is still valid or not."""
        return self._first(_TOKENS, _GET_TOKEN, given_id=token)

    def update(self, token: Token) -> None:
        """Replace the token.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_TOKENS, _UPDATE_TOKEN, token)

    def list_of(self, user: str) -> tuple[Token, ...]:
        """Return the person's tokens in the order they were added."""
        return self._all(_TOKENS, _TOKENS_OF, given_user=user)

    def revoke_of(self, user: str, at: datetime) -> int:
        """Revoke all tokens of a person that are not; return how many these were."""
        return self._run(_REVOKE_TOKENS, given_user=user, revoked_at=at).rowcount
