"""CEF lines (ArcSight Common Event Format) and LEEF lines (IBM Log Event Extended Format), within syslog or alone."""

import re
from typing import Final

from soar.ingest.bodies.syslog import read_syslog
from soar.ingest.bodies.text import refuse_at
from soar.model.values import JsonValue

LARGEST_RECORDS: Final = 512 * 1024
"""Bytes of a body of such lines: each key and each escape in them costs a step."""

_CEF: Final = re.compile(r"CEF:\s{0,4}(\d{1,2})\|", re.ASCII)
_CEF_FIELDS: Final = ("vendor", "product", "device_version", "class_id", "name", "severity")
_LEEF: Final = re.compile(r"LEEF:\s{0,4}(1|2)\.0\|", re.ASCII)
_LEEF_FIELDS: Final = ("vendor", "product", "device_version", "event_id")
_FIELD: Final = re.compile(r"((?:[^|\\]|\\.)*)\|", re.DOTALL)
_KEY: Final = re.compile(r"(?:\A|(?<=\s))([A-Za-z0-9_.\-\[\]]{1,100})=", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_HEX_DELIMITER: Final = re.compile(r"(?:0x|x)([0-9A-Fa-f]{2,4})", re.ASCII)
_LABEL: Final = "Label"
_MESSAGE: Final = "-"  # stands for what follows a head
_ESCAPED: Final = {"\\n": "\n", "\\r": "\n", "\\=": "=", "\\|": "|"}


def read_cef(line: str, number: int) -> dict[str, JsonValue]:
    """Return what a line says: `vendor`, `product`, `device_version`, `class_id`, `name`, `severity`, `extension`.

    `custom` holds the values of fields that the line itself names, such as `cs1` with `cs1Label=Policy`; `syslog` what
    stands before, as `read_syslog` has it; `line` is the whole.

    Raises:
        InputError: it is no CEF (`invalid_body`).
    """
    begin = _CEF.search(line)
    if begin is None:
        raise refuse_at(number, 1, "expected `CEF:` and its version")
    fields, rest = _take_fields(line, begin.end(), _CEF_FIELDS, number)
    extension = _read_pairs(line[rest:].strip())
    return {
        "line": line,
        "version": int(begin[1]),
        **fields,
        "extension": extension,
        "custom": _name_custom(extension),
        **_read_head(line[: begin.start()]),
    }


def read_leef(line: str, number: int) -> dict[str, JsonValue]:
    """Return what a line says: `vendor`, `product`, `device_version`, `event_id`, `attributes`, `syslog`, `line`.

    Raises:
        InputError: it is no LEEF (`invalid_body`).
    """
    begin = _LEEF.search(line)
    if begin is None:
        raise refuse_at(number, 1, "expected `LEEF:1.0|` or `LEEF:2.0|`")
    fields, rest = _take_fields(line, begin.end(), _LEEF_FIELDS, number)
    delimiter = "\t"
    if begin[1] == "2":
        chosen, bar, _ = line[rest:].partition("|")
        if bar and "=" not in chosen:
            delimiter, rest = _read_delimiter(chosen), rest + len(chosen) + 1
    text = line[rest:].strip()
    attributes = _split_pairs(text, delimiter) if delimiter in text else _read_pairs(text)
    return {
        "line": line,
        "version": int(begin[1]),
        **fields,
        "attributes": attributes,
        **_read_head(line[: begin.start()]),
    }


def _read_head(text: str) -> dict[str, JsonValue]:
    """Read what a forwarder has put before."""
    if not text:
        return {}
    head = read_syslog(f"{text}{_MESSAGE}")
    return {"syslog": {name: value for name, value in head.items() if name not in ("line", "message")}}


def _take_fields(line: str, position: int, names: tuple[str, ...], number: int) -> tuple[dict[str, JsonValue], int]:
    fields: dict[str, JsonValue] = {}
    for name in names:
        found = _FIELD.match(line, position)
        if found is None:
            raise refuse_at(number, position + 1, f"expected {name.replace('_', ' ')} and `|`")
        fields[name] = _ESCAPE.sub(r"\1", found[1]).strip()
        position = found.end()
    return fields, position


def _read_pairs(text: str) -> dict[str, JsonValue]:
    r"""Read `key=value key=value`: a value goes on until the next key, and `\=` begins none."""
    _, *parts = _KEY.split(text)
    pairs = dict(zip(parts[::2], parts[1::2], strict=True))  # the last of those with one key counts
    return {key: _unescape(value.rstrip()) for key, value in pairs.items()}


def _split_pairs(text: str, delimiter: str) -> dict[str, JsonValue]:
    pairs = (part.partition("=") for part in text.split(delimiter))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals and name.strip()}


def _unescape(text: str) -> str:
    """Turn what is escaped; what no escape stands for stays. Pairs of backslashes go first, from the left."""
    if "\\" not in text:
        return text
    return "\\".join(map(_unescape_part, text.split("\\\\")))


def _unescape_part(text: str) -> str:
    if "\\" in text:
        for escape, plain in _ESCAPED.items():
            text = text.replace(escape, plain)
    return text


def _name_custom(extension: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        label: extension[name.removesuffix(_LABEL)]
        for name, label in extension.items()
        if name.endswith(_LABEL) and isinstance(label, str) and label and name.removesuffix(_LABEL) in extension
    }


def _read_delimiter(chosen: str) -> str:
    found = _HEX_DELIMITER.fullmatch(chosen)
    return chr(int(found[1], 16)) if found else chosen or "\t"
