"""Syslog lines: RFC 5424, and what devices send as RFC 3164."""

import re
from typing import Final

from soar.model.values import JsonValue

_HIGHEST_PRIORITY: Final = 191
_MOST_ELEMENTS: Final = 100
_SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_PRIORITY: Final = re.compile(r"<(0|[1-9][0-9]{0,2})>\s{0,4}", re.ASCII)
_NEW: Final = re.compile(
    r"1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?=-|\[)", re.ASCII
)  # RFC 5424, section 6: version, time, host, program, process, kind of message
_NAME: Final = r"[!#-<>-\\^-~]{1,80}"  # printable, without =, ] and the quote
_ELEMENT: Final = re.compile(rf'\[({_NAME})((?: {_NAME}="(?:[^"\\\]]|\\.)*")*) ?\]', re.DOTALL)
_PARAMETER: Final = re.compile(rf' ({_NAME})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r'\\(["\\\]])')
_OLD_TIME: Final = re.compile(
    r"([A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})? \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?"
    r"|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?):?(?:\s+|\Z)",
    re.ASCII,
)
_HOST: Final = re.compile(r"(\[?[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}\]?)\s+(?=\S)", re.ASCII)
_TAG: Final = re.compile(r"([!-9;-Z\\^-~]{1,128})(?:\[([^\]\s]{1,64})\])?:(?:\s+|\Z)", re.ASCII)


def read_syslog(line: str) -> dict[str, JsonValue]:
    """Return what a line says; whatever does not fit any form is its message, so that nothing is lost.

    Keys, each only if the line has it: `priority`, `facility`, `severity` (0 is the worst) and `severity_name`, `time`
    as written, `host`, `program`, `process`, `kind` (RFC 5424's MSGID), `data` (its structured data, by id and name),
    and always `message` and `line`.
    """
    found: dict[str, JsonValue] = {"line": line}
    rest = _take_priority(line, found)
    new = _NEW.match(rest)
    if new is None:
        rest = _take_old_head(rest, found)
    else:
        names = zip(("time", "host", "program", "process", "kind"), new.groups(), strict=True)
        found.update({name: value for name, value in names if value != "-"})
        rest = _take_data(rest[new.end() :], found)
    return {**found, "message": rest.removeprefix("\ufeff")}


def _take_priority(line: str, found: dict[str, JsonValue]) -> str:
    priority = _PRIORITY.match(line)
    if priority is None or int(priority[1]) > _HIGHEST_PRIORITY:
        return line
    facility, severity = divmod(int(priority[1]), len(_SEVERITIES))
    found.update(priority=int(priority[1]), facility=facility, severity=severity, severity_name=_SEVERITIES[severity])
    return line[priority.end() :]


def _take_data(rest: str, found: dict[str, JsonValue]) -> str:
    """Read RFC 5424's structured data; what is not well formed stays in the message."""
    if rest.startswith("-"):
        return rest[1:].removeprefix(" ")
    data: dict[str, JsonValue] = {}
    position = 0
    while len(data) < _MOST_ELEMENTS and (element := _ELEMENT.match(rest, position)) is not None:
        if element[1] in data:
            break  # RFC 5424, section 6.3.2: an id stands once
        data[element[1]] = {name: _ESCAPE.sub(r"\1", value) for name, value in _PARAMETER.findall(element[2])}
        position = element.end()
    if data:
        found["data"] = data
    return rest[position:].removeprefix(" ")


def _take_old_head(rest: str, found: dict[str, JsonValue]) -> str:
    """Read the time, the host and the program of RFC 3164; devices leave each of them out."""
    numbered = rest.removeprefix("1 ")
    time = _OLD_TIME.match(numbered)
    if time is None:
        return _take_tag(rest, found)
    found["time"] = time[1]
    rest = numbered[time.end() :]
    host = _HOST.match(rest)
    if host is not None and not host[1].endswith(":"):
        found["host"] = host[1].strip("[]")
        rest = rest[host.end() :]
    return _take_tag(rest, found)


def _take_tag(rest: str, found: dict[str, JsonValue]) -> str:
    tag = _TAG.match(rest)
    if tag is None:
        return rest
    found["program"] = tag[1]
    if tag[2] is not None:
        found["process"] = tag[2]
    return rest[tag.end() :]
