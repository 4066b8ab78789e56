"""What a transaction has read and would read again."""

from collections.abc import Callable
from typing import TypeVar, cast

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
