"""What a transaction has read and would read again."""

from collections.abc import Callable
from typing import TypeVar, cast

from sqlalchemy import Connection

from soar.store.repository import Repository

T = TypeVar("T")


class Known:
    """Answers that hold for the rest of a transaction, because nobody else's changes are seen in it.

    Whoever changes what they are taken from forgets them, and so does whoever undoes a part of the transaction.
    """

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], object] = {}

    def find(self, question: tuple[str, ...], ask: Callable[[], T]) -> T:
        """Return the answer to a question, which is asked once; it names all that the answer depends on."""
        if question not in self._answers:
            self._answers[question] = ask()
        return cast("T", self._answers[question])

    def forget(self) -> None:
        """Let everything be asked anew."""
        self._answers.clear()


class KnowingRepository(Repository):
    """A repository that asks once for what holds for the rest of its transaction.

    Args:
        connection: inside a transaction.
        workspace: whose rows are seen.
        known: what the transaction has read.
    """

    __slots__ = ("_known",)

    def __init__(self, connection: Connection, workspace: str, known: Known) -> None:
        super().__init__(connection, workspace)
        self._known = known
