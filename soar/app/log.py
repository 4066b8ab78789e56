"""Logs: JSON lines on standard error, or readable ones where that is a terminal."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

Entry = MutableMapping[str, Any]

_LAST_OF_PLANE_ZERO = 0xFFFF
_RANGES = (
    (0x00, 0x20),  # C0
    (0x7F, 0xA0),  # delete and C1
    (0x200B, 0x2010),  # zero width and direction marks
    (0x2028, 0x202F),  # separators and direction overrides
    (0x2060, 0x2070),  # joiners, isolates
    (0xD800, 0xE000),  # halves of pairs, as in the name of a file that is no UTF-8; no encoder takes them
    (0xE0000, 0xE0080),  # tags
)
_SINGLES = (0xAD, 0x61C, 0x180E, 0xFEFF)
_UNSAFE = re.compile(
    f"[{''.join(map(chr, _SINGLES))}{''.join(f'{chr(low)}-{chr(high - 1)}' for low, high in _RANGES)}]"
)
"""Characters that control a terminal or hide text."""


def inert(text: str) -> str:
    """Write control, bidirectional and zero-width characters as escapes, so that no text can forge a line."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: _escape(ord(found[0])), text)


def _escape(point: int) -> str:
    return f"\\u{point:04x}" if point <= _LAST_OF_PLANE_ZERO else f"\\U{point:08x}"


def _make_inert(_logger: object, _method: str, entry: Entry) -> Entry:
    return {key: _write_plainly(value) for key, value in entry.items()}


def _write_plainly(value: object) -> object:
    """Leave numbers as they are; whatever else is not text is shown as text, so that nothing is shown unescaped."""
    return value if value is None or isinstance(value, int | float) else inert(str(value))


_DESCRIBE: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _make_inert,
)


def configure_log(level: str) -> None:
    """Set logging up, once at the start.

    What libraries log is written in the same way, from `warning` on.

    Args:
        level: `debug`, `info`, `warning` or `error`; of the service's own entries.
    """
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_DESCRIBE, _make_renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _route_standard_log(level)


def _make_renderer() -> Processor:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(serializer=lambda entry, **_: orjson.dumps(entry).decode())


class _Handler(logging.StreamHandler[TextIO]):
    """Writes what comes through the standard library as entries like all others."""


def _route_standard_log(level: str) -> None:
    """Have what is logged through the standard library written as entries, too."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_DESCRIBE,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _make_renderer()],
        )
    )
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    logging.getLogger("soar").setLevel(level.upper())
