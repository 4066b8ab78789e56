"""What a function is to the checker and to the evaluator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address
from types import NoneType
from typing import Final

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import KINDS, StaticType, describe
from soar.model.values import Value

STRING: Final[frozenset[type]] = frozenset({str})
BYTES: Final[frozenset[type]] = frozenset({bytes})
INT: Final[frozenset[type]] = frozenset({int})
DOUBLE: Final[frozenset[type]] = frozenset({float})
BOOL: Final[frozenset[type]] = frozenset({bool})
LIST: Final[frozenset[type]] = frozenset({list})
MAP: Final[frozenset[type]] = frozenset({dict})
TIMESTAMP: Final[frozenset[type]] = frozenset({datetime})
DURATION: Final[frozenset[type]] = frozenset({timedelta})
IP: Final[frozenset[type]] = frozenset({IPv4Address, IPv6Address})
ANY: Final[frozenset[type]] = frozenset(KINDS)
SCALAR: Final[frozenset[type]] = ANY - LIST - MAP - frozenset({NoneType})


COSTLY: Final = 16
"""What a call costs that reads or writes a value as text, such as an address."""


class Style(Enum):
    """How a function is called."""

    FUNCTION = auto()
    METHOD = auto()
    EITHER = auto()


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    Attributes:
        name: what it is called by.
        parameters: the kinds that each parameter takes; a method's target is the first.
        result: the kind of its result.
        run: gets the frame and the arguments, whose kinds and sizes have been seen to; raises `EvaluationError`.
        style: how it is called.
        optional: how many of the last parameters may be left out.
        is_variadic: the last parameter may be repeated.
        is_pattern: the last argument is a regular expression, so it must be written down, not computed.
        cost: units of fuel that a call takes, beside those for the texts it reads and makes.
    """

    name: str
    parameters: tuple[frozenset[type], ...]
    result: StaticType
    run: Callable[..., Value]
    style: Style = Style.FUNCTION
    optional: int = 0
    is_variadic: bool = False
    is_pattern: bool = False
    cost: int = 4

    def accepts(self, count: int) -> bool:
        """Return whether it takes a number of arguments, the target included."""
        least = len(self.parameters) - self.optional
        return count >= least and (self.is_variadic or count <= len(self.parameters))

    def apply(self, frame: Frame, arguments: Sequence[Value]) -> Value:
        """Return its result, having paid for the texts that it reads and makes.

        Raises:
            EvaluationError: an argument is of a wrong kind, or the function fails.
        """
        last = len(self.parameters) - 1
        for position, value in enumerate(arguments):
            wanted = self.parameters[min(position, last)]
            if type(value) not in wanted:
                raise self._refuse(position, wanted, value)
            if isinstance(value, str | bytes):
                frame.touch(len(value))
        result = self.run(frame, *arguments)
        if isinstance(result, str | bytes):
            frame.touch(len(result))
        return result

    def _refuse(self, position: int, wanted: frozenset[type], value: Value) -> EvaluationError:
        names = " or ".join(sorted({KINDS[kind].describe() for kind in wanted}))
        is_target = self.style is Style.METHOD and position == 0
        where = f"`.{self.name}()` is a method of" if is_target else f"`{self.name}()` wants"
        hint = "guard it: default(…, …)" if value is None else None
        return EvaluationError(f"{where} {names}, not {describe(value)}", hint=hint)
