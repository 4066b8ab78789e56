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


def read_answers(fields: Sequence[Answer], given: Sequence[str]) -> dict[str, JsonValue]:
    """Return the answers by field; what is not given is asked for at the terminal.

    A field with a default may be left out. What does not fit its type is sent as it is, for the server to refuse.

    Args:
        fields: the form.
        given: each as `field=value`.

    Raises:
        InputError: one is not written so, or a field stands twice, or is missing where there is no terminal.
    """
    typed = _split(given)
    for field in fields:
        name, may_stay_away = field.text("name"), field.flag("has_default")
        if name in typed or (may_stay_away and not is_interactive()):
            continue
        said = ask(f"{name}: {cut(field.text('label'))} ({describe_field(field)})", otherwise=f"add {name}=…")
        if said or not may_stay_away:
            typed[name] = said
    kinds = {field.text("name"): field.text("type") for field in fields}
    return {name: _read(text, kinds.get(name, "")) for name, text in typed.items()}


def _split(given: Sequence[str]) -> dict[str, str]:
    typed: dict[str, str] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise InputError(f"`{pair}` is no answer", hint="write field=value")
        if name in typed:
            raise InputError(f"`{name}` is answered twice", hint="answer each field once")
        typed[name] = text
    return typed


def _read(text: str, kind: str) -> JsonValue:
    """Read what was typed for a field of a type; everything but numbers and truth values travels as text."""
    if kind == "bool":
        return _TRUTHS.get(text.strip().casefold(), text)
    if kind not in _NUMBERS:
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number and math.isfinite(found) else text
