"""How far a value may be trusted."""

from enum import IntEnum


class Label(IntEnum):
    """How far a value may be trusted, most trusted first; whatever is computed has the highest label of what it reads.

    `UNTRUSTED` was chosen by whoever caused an alert or answers a question; `SECRET` must not be shown to anybody.
    """

    TRUSTED = 0
    UNTRUSTED = 1
    SECRET = 2

    def join(self, *others: "Label") -> "Label":
        """Return the label of a value that was computed from values with these labels."""
        return max((self, *others))
