"""Three evaluators of one language: ours and two by others, each as a function from text to outcome."""

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import cel as rust
from cel_expr_python import cel as cpp
from cel_expr_python.ext import ext_math, ext_strings

from soar.expr import ExpressionError, Scope, SyntaxFaultError, compile_expression
from soar.expr.syntax import Call, Default, Loop, Node, list_children
from soar.model.values import Value
from tests.fuzz.bindings import BINDINGS, NOW
from tests.fuzz.outcomes import Crash, Fault, Outcome

_CORE_NAMES: Final = (
    "size contains startsWith endsWith matches int double string bytes timestamp duration dyn getFullYear getMonth"
    " getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds"
)
_MATH_NAMES: Final = (
    "least greatest ceil floor round trunc abs sign isNaN isInf isFinite bitAnd bitOr bitXor bitNot"
    " bitShiftLeft bitShiftRight"
)
_STRING_NAMES: Final = (
    "split join replace substring charAt indexOf lastIndexOf lowerAscii upperAscii trim reverse strings.quote format"
)
_CORE: Final = frozenset(_CORE_NAMES.split())
_EXTENSIONS: Final = frozenset(_STRING_NAMES.split()) | {f"math.{name}" for name in _MATH_NAMES.split()}
_PAIRS: Final = "two variables"


@dataclass(frozen=True, slots=True)
class Oracle:
    """An evaluator by others.

    Attributes:
        name: what the table of differences calls it.
        functions: those of ours that it has; it is not asked about expressions that call others.
        evaluate: returns its outcome.
        fatal: what brings it down, process and all, and so is not shown to it.
    """

    name: str
    functions: frozenset[str]
    evaluate: Callable[[str], Outcome]
    fatal: re.Pattern[str]

    def may_be_asked(self, source: str, node: Node | None) -> bool:
        """Return whether it has all that an expression calls, and survives it."""
        is_known = node is None or list_functions(node) <= self.functions
        return is_known and self.fatal.search(source) is None


def list_functions(node: Node) -> set[str]:
    """Return the names of the functions that an expression calls, and of the forms that are ours alone."""
    found = set().union(*map(list_functions, list_children(node)))
    match node:
        case Call(name=name):
            found.add(name)
        case Default():
            found.add("default")
        case Loop(variables=(_, _)):
            found.add(_PAIRS)
    return found


def evaluate_ours(source: str) -> Outcome:
    """Return our outcome; whatever is no `ExpressionError` is a crash."""
    try:
        program = compile_expression(source)
        return program.evaluate(Scope(BINDINGS, NOW))
    except ExpressionError as error:
        return Fault(error.code, error.message, is_early=isinstance(error, SyntaxFaultError))
    except Exception as error:  # noqa: BLE001 - that nothing else comes out is what is being tested
        return Crash(f"{type(error).__name__}: {error}")


def _declare() -> cpp.Env:
    types = {bool: cpp.Type.BOOL, datetime: cpp.Type.TIMESTAMP, timedelta: cpp.Type.DURATION}
    variables = {name: types.get(type(value), cpp.Type.DYN) for name, value in BINDINGS.items()}
    return cpp.NewEnv(variables=variables, extensions=[ext_math.ExtMath(), ext_strings.ExtStrings()])


_ENVIRONMENT: Final = _declare()


def _evaluate_cpp(source: str) -> Outcome:
    try:
        compiled = _ENVIRONMENT.compile(source, disable_check=True)
    except Exception as error:  # noqa: BLE001 - whatever it raises is its way to say no
        return Fault(type(error).__name__, str(error), is_early=True)
    try:
        value = compiled.eval(data=BINDINGS)
        if value.type().name() == "ERROR":
            return Fault("ERROR", str(value.plain_value()))
        found = _plain(value.plain_value())
    except Exception as error:  # noqa: BLE001 - as above
        return Fault(type(error).__name__, str(error))
    _return_nulls(found)
    return found


def _return_nulls(value: Value) -> None:
    """Take a reference for each null in a value: the binding hands out None without one, which ends in an abort."""
    match value:
        case None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
        case list():
            for element in value:
                _return_nulls(element)
        case dict():
            _return_nulls(list(value.values()))


def _evaluate_rust(source: str) -> Outcome:
    try:
        compiled = rust.compile(source)
    except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception in Python
        return _refuse(error, is_early=True)
    try:
        return _plain(compiled.execute(dict(BINDINGS)))
    except BaseException as error:  # noqa: BLE001 - as above
        return _refuse(error, is_early=False)


def _refuse(error: BaseException, *, is_early: bool) -> Fault:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise error
    return Fault(type(error).__name__, str(error), is_early=is_early)


def _plain(value: object) -> Value:
    """Write a foreign value the way ours are."""
    match value:
        case bytearray():
            return bytes(value)
        case list():
            return [_plain(element) for element in value]
        case dict():
            return {key: _plain(element) for key, element in value.items()}
        case datetime():
            return value.astimezone(UTC)
        case None | bool() | int() | float() | str() | bytes() | timedelta():
            return value
        case _:
            return repr(value)


_BYTES_AS_KEY: Final = re.compile(r"\{.*format", re.DOTALL)  # a key that is no UTF-8
_NOTHING: Final = re.compile(r"(?!)")

CPP: Final = Oracle("C++", _CORE | _EXTENSIONS | {"bool"}, _evaluate_cpp, _BYTES_AS_KEY)
RUST: Final = Oracle("Rust", _CORE, _evaluate_rust, _NOTHING)
ORACLES: Final = (CPP, RUST)
