"""Answers to a question for facts, as they are typed."""

import json
import math
from collections.abc import Sequence

from soar.cli.answer import Answer
from soar.cli.card import describe_field
from soar.cli.output import cut
from soar.cli.prompts import ask, is_interactive
from soar.model.errors import InputError
from soar.model.values import JsonValue

_TRUTHS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_NUMBERS = frozenset({"int", "number"})
_JSON = ("list<", "map<", "object", "any")


def read_answers(fields: Sequence[Answer], given: Sequence[str]) -> dict[str, JsonValue]:
    """Return the answers by field; what is not given is asked for at the terminal.

    A field with a default may be left out. What does not fit its type is sent as it is, for the server to refuse.

    Args:
        fields: the form.
        given: each as `field=value`.

    Raises:
        InputError: one is not written so, or a field stands twice, or is missing where there is no terminal.
    """
    typed = split_pairs(given, "answer", "field=value")
    for field in fields:
        name, may_stay_away = field.text("name"), field.flag("has_default")
        if name in typed or (may_stay_away and not is_interactive()):
            continue
        said = ask(f"{name}: {cut(field.text('label'))} ({describe_field(field)})", otherwise=f"add {name}=…")
        if said or not may_stay_away:
            typed[name] = said
    kinds = {field.text("name"): field.text("type") for field in fields}
    return {name: read_typed(text, kinds.get(name, "")) for name, text in typed.items()}


def split_pairs(given: Sequence[str], noun: str, form: str) -> dict[str, str]:
    """Return texts by name.

    Args:
        given: each as `name=text`.
        noun: what one is, for messages.
        form: how one is written, for messages.

    Raises:
        InputError: one is not written so, or a name stands twice.
    """
    typed: dict[str, str] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise InputError(f"`{pair}` is no {noun}", hint=f"write {form}")
        if name in typed:
            raise InputError(f"`{name}` stands twice", hint=f"give each {noun} once")
        typed[name] = text
    return typed


def read_typed(text: str, kind: str) -> JsonValue:
    """Read what was typed for a type; lists, maps, numbers and truth values as JSON, everything else as text."""
    if kind.startswith(_JSON):
        return _read_json(text)
    if kind == "bool":
        return _TRUTHS.get(text.strip().casefold(), text)
    if kind not in _NUMBERS:
        return text
    found = _read_json(text)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return text
    return found if math.isfinite(found) else text


def _read_json(text: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(text)
    except ValueError:
        return text
    return found
