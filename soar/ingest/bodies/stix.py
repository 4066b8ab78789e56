"""STIX 2.1 bundles, and TAXII 2.1 envelopes: what of their objects reports something (OASIS STIX 2.1)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from soar.ingest.strict_json import parse_json
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue

_NO_REPORTS: Final = frozenset(
    {"relationship", "marking-definition", "identity", "extension-definition", "language-content"}
)
_WHO_SAYS_SO: Final = frozenset({"created_by_ref", "object_marking_refs"})
_MOST_COPIES: Final = 3
"""How often an object of a bundle is shown with others, so that a small bundle makes no large alerts."""


def read_bundle(body: bytes, *, is_large_text: bool = False) -> Sequence[JsonValue]:
    """Return the objects of a bundle that report something, each with those it refers to under `refs`, by their id.

    An object without a bundle around it stands for itself.

    An object that only says who, how it may be shared or what belongs together reports nothing; nor does an observable
    that another object refers to.

    Raises:
        InputError: it is no bundle, or an object has no type or id (`invalid_json`).
    """
    objects = _list_objects(parse_json(body, is_large_text=is_large_text))
    known = {_id(one): one for one in objects}
    references = {_id(one): [name for name in _find_references(one) if name in known] for one in objects}
    referred = {name for names in references.values() for name in names}
    copies: Counter[str] = Counter()
    reports: list[JsonValue] = []
    for one in objects:
        is_part = "created" not in one and _id(one) in referred  # observables have no moment of their own
        if one["type"] in _NO_REPORTS or is_part:
            continue
        shown = [name for name in dict.fromkeys(references[_id(one)]) if copies[name] < _MOST_COPIES]
        copies.update(shown)
        refs: dict[str, JsonValue] = {name: dict(known[name]) for name in shown}
        reports.append({**one, "refs": refs})
    if not reports:
        raise InputError("nothing in the bundle reports anything", code="invalid_json", hint="send its indicators too")
    return reports


def _list_objects(bundle: JsonValue) -> list[Mapping[str, JsonValue]]:
    document = bundle if isinstance(bundle, dict) else {}
    is_bundle = document.get("type", "bundle") == "bundle"
    objects = document.get("objects") if is_bundle else [bundle]
    if not isinstance(objects, list):
        fault = FieldFault("/objects", "a bundle has a list of objects here")
        raise InputError(f"{fault.pointer}: {fault.message}", code="invalid_json", faults=[fault])
    found: list[Mapping[str, JsonValue]] = []
    for index, one in enumerate(objects):
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in ("type", "id")):
            fault = FieldFault(f"/objects/{index}", "an object has a type and an id")
            raise InputError(f"{fault.pointer}: {fault.message}", code="invalid_json", faults=[fault])
        found.append(one)
    return found


def _id(one: Mapping[str, JsonValue]) -> str:
    return str(one["id"])


def _find_references(one: Mapping[str, JsonValue]) -> Iterator[str]:
    for name, value in one.items():
        if name in _WHO_SAYS_SO:
            continue
        if name.endswith("_ref") and isinstance(value, str):
            yield value
        elif name.endswith("_refs") and isinstance(value, list):
            yield from (element for element in value if isinstance(element, str))
