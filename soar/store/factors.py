"""Second factors of people, and codes that count once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from soar.model.errors import ConflictError
from soar.model.factor import CodePurpose, Factor, OneTimeCode
from soar.store.people_tables import FACTORS, ONE_TIME_CODES
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_FACTORS = Rows(FACTORS, Factor)
_TABLE = _FACTORS.table
_GET = _FACTORS.where("id")
_OF = _FACTORS.where("user").order_by(_TABLE.c.position)
_UPDATE = _FACTORS.change()
_REMOVE = delete(_TABLE).where(*_FACTORS.match("id"))
_HOLDERS = select(_TABLE.c.user).where(*_FACTORS.match(), _TABLE.c.confirmed_at.is_not(None)).distinct()

_CODES = Rows(ONE_TIME_CODES, OneTimeCode, key=("key",))
_GET_CODE = _CODES.where("key")
_OF_USER = _CODES.where("user", "purpose")
_REMOVE_CODE = delete(_CODES.table).where(*_CODES.match("key"))
_REMOVE_CODES = delete(_CODES.table).where(*_CODES.match("user", "purpose"))
_PRUNE = delete(_CODES.table).where(*_CODES.match(), _CODES.table.c.expires_at <= given("at"))


class Factors(Repository):
    """The second factors of a workspace's people."""

    __slots__ = ()

    def add(self, factor: Factor) -> None:
        """Add a factor.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_FACTORS, factor, f"there is a factor {factor.id} already")

    def get(self, factor: str) -> Factor | None:
        """Return the factor with this id, whether it is confirmed or not."""
        return self._first(_FACTORS, _GET, given_id=factor)

    def of(self, user: str) -> tuple[Factor, ...]:
        """Return a person's factors in the order they were added, those included that are not confirmed."""
        return self._all(_FACTORS, _OF, given_user=user)

    def update(self, factor: Factor) -> None:
        """Replace the factor.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_FACTORS, _UPDATE, factor)

    def remove(self, factor: str) -> None:
        """Remove the factor with this id, if it is there."""
        self._run(_REMOVE, given_id=factor)

    def holders(self) -> Collection[str]:
        """Return the ids of everybody who has a factor that counts."""
        return frozenset(self._run(_HOLDERS).scalars())


class OneTimeCodes(Repository):
    """The codes of a workspace that count once."""

    __slots__ = ()

    def add(self, code: OneTimeCode, at: datetime) -> None:
        """Add a code; those whose time is over by now go.

        Raises:
            ConflictError: its key is taken.
        """
        self._run(_PRUNE, given_at=at)
        if not self._insert(_CODES, code):
            raise ConflictError("there is a code with this key already")

    def find(self, key: str, at: datetime) -> OneTimeCode | None:
        """Return the code with this key, if it still counts."""
        code = self._first(_CODES, _GET_CODE, given_key=key)
        return code if code is not None and (code.expires_at is None or at < code.expires_at) else None

    def of(self, user: str, purpose: CodePurpose) -> tuple[OneTimeCode, ...]:
        """Return a person's codes for a purpose."""
        return self._all(_CODES, _OF_USER, given_user=user, given_purpose=purpose)

    def remove(self, key: str) -> None:
        """Remove the code with this key, if it is there."""
        self._run(_REMOVE_CODE, given_key=key)

    def remove_of(self, user: str, purpose: CodePurpose) -> None:
        """Remove a person's codes for a purpose."""
        self._run(_REMOVE_CODES, given_user=user, given_purpose=purpose)
