"""What a place of a playbook wants of the value that is computed for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from soar.expr import StaticType, Type, read_schema
from soar.expr.types import (
    DYN,
    INT,
    ListOf,
    MapOf,
    Maybe,
    Record,
    Scalar,
    kind_of_type,
    unwrap,
)
from soar.model.catalog import LANGUAGE_KEY, ActionSpec, Catalog
from soar.model.playbook import Playbook
from soar.model.step import UseAction, walk_steps
from soar.model.values import JsonValue
from soar.playbook.node import Path, join_path
from soar.playbook.types import find_input_type

_NUMBERS: Final = frozenset({StaticType.INT, StaticType.DOUBLE})
_CONVERTED: Final[Mapping[StaticType, frozenset[StaticType]]] = {
    **{kind: frozenset({kind}) for kind in StaticType},
    **dict.fromkeys(_NUMBERS, _NUMBERS),
    **{
        kind: frozenset({kind, StaticType.STRING})
        for kind in (StaticType.DURATION, StaticType.TIMESTAMP, StaticType.IP)
    },
}
"""Of which kinds a value may be to be taken as each kind: texts are read as what they must be."""
_WRITTEN: Final[Mapping[StaticType, frozenset[StaticType]]] = {
    **_CONVERTED,
    StaticType.STRING: frozenset(
        {StaticType.STRING, StaticType.BYTES, StaticType.TIMESTAMP, StaticType.DURATION, StaticType.IP}
    ),
}
"""The same where values go out as JSON, which has text for what it has no kind for."""


@dataclass(frozen=True, slots=True)
class Want:
    """What a place wants.

    Attributes:
        holder: who wants it, as a message begins.
        is_written: the value goes out as JSON.
        language: the query language that its text is in.
    """

    holder: str
    type: Type
    is_written: bool = False
    language: str | None = None

    def find_misfit(self, given: Type) -> str | None:
        """Return what is wrong with values of a type; None if they fit, or may."""
        if _may_fit(self.type, given, _WRITTEN if self.is_written else _CONVERTED):
            return None
        return f"{self.holder} wants {describe(unwrap(self.type))}, and this is {describe(unwrap(given))}"


class Wants:
    """What the places of a playbook want.

    Args:
        catalog: the installed connectors, whose actions declare their parameters.
    """

    def __init__(self, playbook: Playbook, catalog: Catalog) -> None:
        self._roots: dict[str, Want] = {}
        self._parameters: dict[str, dict[str, Want]] = {}
        for name, spec in playbook.inputs.items():
            want = Want(f"`inputs.{name}`", find_input_type(spec))
            self._roots |= {f"inputs/{name}/from": want, f"inputs/{name}/default": want}
            self._roots |= {f"inputs/{name}/enum/{index}": want for index in range(len(spec.enum))}
        self._roots["defaults/approve/quorum"] = _QUORUM
        for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
            self._roots[f"{step.path}/approve/quorum"] = _QUORUM
            self._roots |= dict.fromkeys((f"{step.path}/foreach", f"{step.path}/foreach/in"), _FOREACH)
            self._roots[f"{step.path}/wait/until"] = _UNTIL
            if isinstance(step.body, UseAction):
                self._add_use(step.path, step.body, catalog)

    def _add_use(self, path: str, use: UseAction, catalog: Catalog) -> None:
        self._roots[f"{path}/expires"] = _EXPIRES
        self._add_parameters(f"{path}/with", catalog.find_action(use.action))
        if use.verify is not None and use.verify.action is not None:
            self._add_parameters(f"{path}/verify/with", catalog.find_action(use.verify.action))
        if use.undo is not None and use.undo.action is not None:
            self._add_parameters(f"{path}/undo/with", catalog.find_action(use.undo.action))

    def _add_parameters(self, path: str, action: ActionSpec | None) -> None:
        if action is None:
            return
        if action.full_name not in self._parameters:
            self._parameters[action.full_name] = dict(_read_parameters(action))
        for name, want in self._parameters[action.full_name].items():
            self._roots[f"{path}/{name}"] = want

    def find(self, path: Path) -> Want | None:
        """Return what a place, or a part of a value, is wanted to be; None if anything will do."""
        for end in range(len(path), 0, -1):
            want = self._roots.get(join_path(path[:end]))
            if want is not None:
                return _descend(want, path[end:])
        return None


def _read_parameters(action: ActionSpec) -> Iterator[tuple[str, Want]]:
    """Yield the last part of each parameter's path, and what it wants."""
    properties = action.parameters.get("properties")
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        type_ = read_schema({"$defs": action.parameters.get("$defs"), **schema} if isinstance(schema, dict) else None)
        want = Want(f"`{action.full_name}`", type_, is_written=True, language=_find_language(schema))
        yield join_path((name,)), want


_QUORUM: Final = Want("`quorum`", INT)
_EXPIRES: Final = Want("`expires`", Scalar(StaticType.DURATION))
_UNTIL: Final = Want("`until`", Scalar(StaticType.TIMESTAMP))
_FOREACH: Final = Want("`foreach`", ListOf(DYN))


def _find_language(schema: JsonValue) -> str | None:
    """Return the language of a parameter's text, or of the texts in its list."""
    if not isinstance(schema, dict):
        return None
    language, choices = schema.get(LANGUAGE_KEY), schema.get("anyOf")
    if isinstance(language, str):
        return language
    parts = [schema.get("items"), *(choices if isinstance(choices, list) else [])]
    return next(filter(None, map(_find_language, parts)), None)


def _descend(want: Want, path: Path) -> Want:
    type_ = want.type
    for key in path:
        match unwrap(type_):
            case ListOf(element=inner) | MapOf(value=inner):
                type_ = inner
            case Record(fields=fields):
                type_ = fields.get(str(key), DYN)
            case _:
                type_ = DYN
    return replace(want, type=type_)


def _may_fit(wanted: Type, given: Type, accepted: Mapping[StaticType, frozenset[StaticType]]) -> bool:
    """Return whether a value of one type may be taken where another is wanted."""
    if isinstance(wanted, Maybe):
        is_null = kind_of_type(given) is StaticType.NULL or (isinstance(given, Maybe) and given.is_nullable)
        return (is_null and wanted.is_nullable) or _may_fit(wanted.inner, given, accepted)
    match wanted, unwrap(given):
        case ListOf(element=inner), ListOf(element=element):
            return _may_fit(inner, element, accepted)
        case MapOf(value=inner), MapOf(value=value):
            return _may_fit(inner, value, accepted)
        case MapOf(value=inner), Record(fields=fields):
            return all(_may_fit(inner, value, accepted) for value in fields.values())
        case Record(fields=wants), Record(fields=fields):
            return all(_may_fit(wants[name], fields[name], accepted) for name in wants if name in fields)
        case _, known:
            kinds = kind_of_type(wanted), kind_of_type(known)
            return StaticType.DYN in kinds or kinds[1] in accepted[kinds[0]]


def describe(type_: Type) -> str:
    """Return a type with its article, for messages."""
    match type_:
        case ListOf(element=element) if kind_of_type(unwrap(element)) is not StaticType.DYN:
            return f"a list in which each is {describe(unwrap(element))}"
        case _:
            return "anything" if kind_of_type(type_) is StaticType.DYN else kind_of_type(type_).describe()
