"""What `soar expr` does: expressions evaluated against what the command line gives, and functions described."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from soar.app.clock import SystemClock
from soar.cli.output import Line, cut
from soar.cli.site import find_settings
from soar.expr import EvaluationError, ExpressionError, Label, Scope, Trace, TraceEntry, compile_expression, to_plain
from soar.expr.kinds import kind_of
from soar.expr.reference import FUNCTION_ENTRIES, MACRO_ENTRIES, FunctionEntry, print_value
from soar.model.errors import InputError, NotFoundError, SoarError
from soar.model.values import JsonValue, Value, as_value, parse_timestamp
from soar.playbook import read_document, render_text
from soar.playbook.field import Field
from soar.playbook.node import Mapping as MapNode
from soar.playbook.node import Node
from soar.playbook.report import Report
from soar.playbook.sites import strip_delimiters
from soar.playbook.words import STEP_ID
from soar.rehearsal.alerts import read_alert

_LABELS: Mapping[str, Label] = MappingProxyType(dict.fromkeys(("vars", "config", "run"), Label.TRUSTED))
"""The names that whoever causes an alert has no say in; all others are not trusted."""

_WIDEST_VALUE = 100
_TAB = "\t"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an expression came to.

    Attributes:
        value: None where there is an error.
        label: how far the value may be trusted.
        trace: what its parts came to; None if nobody asked.
        error: why it has no value.
    """

    source: str
    value: Value
    label: Label
    trace: tuple[TraceEntry, ...] | None
    error: EvaluationError | None

    def to_json(self) -> JsonValue:
        """Return it as plain data."""
        return {
            "value": to_plain(self.value),
            "type": None if self.error else kind_of(self.value).value,
            "label": self.label.name.lower(),
            "trace": None if self.trace is None else [_write_part(part, depth) for depth, part in nest(self.trace)],
            "error": None if self.error is None else _write_error(self.error),
        }

    def check(self) -> None:
        """Do nothing if it has a value.

        Raises:
            SoarError: it has none.
        """
        if self.error is not None:
            raise SoarError(_point_at(self.error, self.source), code=self.error.code, hint=self.error.hint)


def _write_error(error: ExpressionError) -> JsonValue:
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "position": error.position,
        "length": error.length,
    }


def build_scope(
    alert: Path | None, inputs: Sequence[str], names: Path | None, now: str | None, config: Path | None
) -> Scope:
    """Return what an expression may read.

    Args:
        alert: a file with an alert in our words.
        inputs: `name=value` each.
        names: a file with a map of further names.
        now: what `now()` answers, in RFC 3339; None means the clock.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        InputError: a file cannot be read or does not fit, an input has no name, or `now` is no timestamp.
    """
    moment = SystemClock().now() if now is None else _read_moment(now)
    known: dict[str, Value] = {
        "config": as_value(find_settings(config).config),
        "inputs": dict(_read_input(text) for text in inputs),
    }
    if names is not None:
        known.update((name, as_value(value)) for name, value in _read_map(names).items())
    if alert is not None:
        known["alert"] = _read_alert(alert, moment)
    return Scope(names=known, now=moment)


def _read_moment(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise InputError(f"--now: {error}", code="timestamp", hint="write it as 2026-11-21T09:00:00Z") from error


def _read_input(text: str) -> tuple[str, Value]:
    name, sign, value = text.partition("=")
    if not sign or not STEP_ID.fullmatch(name):
        raise InputError(f"--input {text} is no name=value", code="input", hint="such as ip=10.0.0.7 or limit=3")
    try:
        return name, as_value(json.loads(value))
    except ValueError:
        return name, value


def _read_node(file: Path) -> tuple[str, Node]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{file} cannot be read: {reason}", code="unreadable") from error
    root, findings = read_document(text, str(file))
    if root is None or findings:
        raise InputError("\n".join(map(render_text, findings)), code="document")
    return text, root


def _read_map(file: Path) -> dict[str, JsonValue]:
    _, root = _read_node(file)
    if not isinstance(root, MapNode):
        raise InputError(f"{file} holds no map of names", code="document", hint='such as {"vars": {"limit": 3}}')
    return {entry.key.text: entry.value.to_plain() for entry in root.entries}


def _read_alert(file: Path, received_at: datetime) -> Value:
    text, root = _read_node(file)
    report = Report(text, str(file))
    alert = read_alert(Field(report, (), root, root.line, root.column), received_at)
    if alert is None or report.findings:
        hint = "write the alert in our words; the product's own document goes under `raw`"
        raise InputError("\n".join(map(render_text, report.findings)), code="document", hint=hint)
    return alert.to_value()


def evaluate(expression: str, scope: Scope, *, has_trace: bool) -> Evaluated:
    """Return what an expression comes to.

    Raises:
        InputError: it is no expression.
    """
    source = strip_delimiters(expression)
    try:
        program = compile_expression(source)
    except ExpressionError as error:
        raise InputError(_point_at(error, source), code=error.code, hint=error.hint) from error
    trace = Trace() if has_trace else None
    value: Value = None
    fault: EvaluationError | None = None
    try:
        value = program.evaluate(scope, trace=trace)
    except EvaluationError as error:
        fault = error
    return Evaluated(source, value, program.label(_LABELS), trace.entries() if trace else None, fault)


def _point_at(error: ExpressionError, source: str) -> str:
    """Return an error's message with the line it is about, and a caret under its place."""
    before, _, rest = source[: error.position].rpartition("\n")
    line = rest + source[error.position :].partition("\n")[0]
    number = before.count("\n") + 1 + bool(before or source[: error.position].startswith("\n"))
    where = f"line {number}: " if "\n" in source else ""
    spaces = "".join(_TAB if character == _TAB else " " for character in rest)
    carets = "^" * max(1, min(error.length, len(line) - len(rest)))
    return f"{where}{error.message}\n  {line}\n  {spaces}{carets}"


def tell_evaluated(evaluated: Evaluated) -> Iterator[Line]:
    """Yield a value with its type and label, and what its parts came to."""
    for depth, part in nest(evaluated.trace or ()):
        told = part.error.message if part.error else print_value(part.value)
        style = "red" if part.error else "dim"
        yield Line(f"{'  ' * depth}{_squeeze(part.source)}  →  {cut(told, _WIDEST_VALUE)}", style)
    if evaluated.error is None:
        yield Line(print_value(evaluated.value))
        yield Line(f"{kind_of(evaluated.value)} · {evaluated.label.name.lower()}", "dim")


def _squeeze(text: str) -> str:
    return cut(" ".join(text.split()), _WIDEST_VALUE)


def nest(entries: Sequence[TraceEntry]) -> Iterator[tuple[int, TraceEntry]]:
    """Yield parts in the order of the source, each with how many of the others it stands in."""
    around: list[TraceEntry] = []
    for entry in sorted(entries, key=lambda part: (part.start, -part.end)):
        while around and around[-1].end < entry.end:
            around.pop()
        while around and around[-1].end <= entry.start:
            around.pop()
        yield len(around), entry
        around.append(entry)


def _write_part(part: TraceEntry, depth: int) -> JsonValue:
    return {
        "source": part.source,
        "start": part.start,
        "end": part.end,
        "depth": depth,
        "value": to_plain(part.value),
        "error": None if part.error is None else part.error.message,
    }


def list_functions(name: str | None) -> list[FunctionEntry]:
    """Return what is called so, or all functions and macros.

    Raises:
        NotFoundError: nothing is called so.
    """
    entries = {**MACRO_ENTRIES, **FUNCTION_ENTRIES}
    if name is None:
        return list(entries.values())
    if name not in entries:
        close = difflib.get_close_matches(name, entries, n=1)
        hint = f"did you mean {close[0]}?" if close else "soar expr functions lists them"
        raise NotFoundError(f"there is no function {name}", hint=hint)
    return [entries[name]]


def tell_function(entry: FunctionEntry) -> Iterator[Line]:
    """Yield how a function is called, what it gives, and an example."""
    yield Line(entry.form + (f" gives {entry.gives}" if entry.gives else ""), "bold")
    yield Line(f"  {entry.example}")
    yield Line(f"  {entry.show_value()}")


def write_function(entry: FunctionEntry) -> JsonValue:
    """Return a function as plain data."""
    return {
        "name": entry.name,
        "form": entry.form,
        "gives": entry.gives or None,
        "example": entry.example,
        "value": entry.show_value(),
    }
