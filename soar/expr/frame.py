"""What one evaluation knows and has left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.expr.errors import FuelError
from soar.expr.limits import FUEL, MAX_LOOPS
from soar.model.values import Value


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is evaluated against. Nothing in it is changed.

    Attributes:
        names: the values of the names that may be read.
        now: what `now()` answers.
        fuel: units of work allowed; see `soar.expr.limits.FUEL`.
    """

    names: Mapping[str, Value]
    now: datetime
    fuel: int = FUEL


class Frame:
    """The state of one evaluation.

    Attributes:
        names: the scope's values.
        now: the scope's time.
        fuel: units of work left.
        variables: the loops' current elements, outermost first; a loop has one or two.
    """

    __slots__ = ("fuel", "names", "now", "variables")

    def __init__(self, scope: Scope) -> None:
        self.names = scope.names
        self.now = scope.now
        self.fuel = scope.fuel
        self.variables: list[Value] = [None] * (2 * MAX_LOOPS)

    def spend(self, amount: int) -> None:
        """Take fuel for an amount of work.

        Raises:
            FuelError: there is none left.
        """
        self.fuel -= amount
        if self.fuel < 0:
            raise FuelError("the expression does too much work", hint="narrow the list down, or split it with `set:`")

    def touch(self, size: int) -> None:
        """Take fuel for reading or making a number of bytes.

        Raises:
            FuelError: there is none left.
        """
        self.spend(size >> 6)
