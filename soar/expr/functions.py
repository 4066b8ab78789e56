"""All functions of the language."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from soar.expr import addresses, conversions, formats, lists, moments, networks, numbers, observables, quoting, strings
from soar.expr.macros import MACROS
from soar.expr.signature import Function

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        function.name: function
        for home in (strings, formats, lists, numbers, moments, conversions, addresses, observables, networks, quoting)
        for function in home.FUNCTIONS
    }
)
"""Each function by its name."""

BUILTINS: Final = frozenset(FUNCTIONS) | frozenset(MACROS)
"""The names of all functions and macros."""
