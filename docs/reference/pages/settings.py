"""The page of settings."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pages.table import row, summarize, to_sentence
from soar.app.settings import Settings, find_section


def list_settings() -> Iterator[tuple[str, FieldInfo, str]]:
    """Yield each setting's name, its field, and the sentence that says what it is for."""
    yield from _list_section(Settings, "")


def _list_section(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo, str]]:
    attributes = _read_attributes(section)
    for name, field in section.model_fields.items():
        inner = find_section(field.annotation)
        if inner is None:
            yield f"{prefix}{name}", field, attributes.get(name) or summarize(section)
        else:
            yield from _list_section(inner, f"{prefix}{name}.")


def name_variable(setting: str) -> str:
    """Return the environment variable of a setting."""
    return "SOAR_" + setting.upper().replace(".", "__")


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Settings"
    yield ""
    yield "What comes later wins: the defaults, the file named with `--config`, the environment, a command's options."
    yield "The file is YAML with a map for each section: `server.listen` is the key `listen` under `server`."
    yield "Behind each variable's name `_FILE` may stand: then it names a file that holds the value."
    yield "A setting that is not known here is refused; nothing starts."
    yield ""
    yield "| Setting | Variable | Type | Default | Meaning |"
    yield "|---|---|---|---|---|"
    for name, field, sentence in list_settings():
        kind = f"{_name_type(field.annotation)}{_name_bounds(field)}"
        default = "" if field.is_required() else json.dumps(field.get_default(call_default_factory=True), default=str)
        yield row(f"`{name}`", f"`{name_variable(name)}`", kind, f"`{default}`" if default else "needed", sentence)


def _read_attributes(kind: type) -> dict[str, str]:
    """Return what the `Attributes:` section of a docstring says, by name."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    joined = re.sub(r"\n {8,}", " ", section)
    return {found[1]: to_sentence(found[2]) for found in re.finditer(r"^ {4}(\w+): (.+)$", joined, re.MULTILINE)}


_LISTS: dict[object, str] = {Path: "list of paths", str: "list of texts"}


def _name_type(kind: object) -> str:
    if kind is Path:
        return "path"
    if kind is bool:
        return "true or false"
    if kind in {int, float}:
        return "number"
    if kind is str:
        return "text"
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return _LISTS.get(get_args(kind)[0], "list of paths and maps")
    return "map"


def _name_bounds(field: FieldInfo) -> str:
    signs = {"ge": "from", "gt": "above", "le": "to"}
    bounds = [f"{signs[key]} {getattr(one, key):g}" for one in field.metadata for key in signs if hasattr(one, key)]
    return "".join(f", {bound}" for bound in bounds)
