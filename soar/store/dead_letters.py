"""What was given up on."""

from sqlalchemy import delete

from soar.model.dead_letter import DeadLetter
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import DEAD_LETTERS

_LETTERS = Rows(DEAD_LETTERS, DeadLetter)
_PUT = _LETTERS.upsert()
_GET = _LETTERS.where("id")
_REMOVE = delete(_LETTERS.table).where(*_LETTERS.match("id"))


class DeadLetters(Repository):
    """The dead letters of a workspace."""

    __slots__ = ()

    def put(self, letter: DeadLetter) -> None:
        """Keep a letter, in the place of one about the same thing."""
        self._connection.execute(_PUT.on(self._connection), {"workspace": self._workspace, **_LETTERS.dump(letter)})

    def get(self, letter: str) -> DeadLetter | None:
        """Return the letter with this id."""
        return self._first(_LETTERS, _GET, given_id=letter)

    def remove(self, letter: str) -> bool:
        """Remove the letter with this id; return whether it was there."""
        return self._send(_REMOVE, given_id=letter) == 1

    def list(self, limit: int, cursor: str | None = None) -> Page[DeadLetter]:
        """Return a page of letters, newest first."""
        return self._page(_LETTERS, limit, cursor)
