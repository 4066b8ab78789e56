"""Logs: JSON lines on standard error, or readable ones where that is a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

Entry = MutableMapping[str, Any]

_RANGES = ((0x00, 0x20), (0x7F, 0xA0), (0x61C, 0x61D), (0x200B, 0x2010), (0x2028, 0x202F), (0x2060, 0x2070))
_UNSAFE = frozenset(point for low, high in _RANGES for point in range(low, high)) | {0xFEFF}
"""Code points that control a terminal or hide text: C0, C1, bidirectional and zero-width ones."""


def inert(text: str) -> str:
    """Write control, bidirectional and zero-width characters as escapes, so that no text can forge a line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if ord(c) in _UNSAFE else c for c in text)


def _make_inert(_logger: object, _method: str, entry: Entry) -> Entry:
    return {key: inert(value) if isinstance(value, str) else value for key, value in entry.items()}


def configure_log(level: str) -> None:
    """Set logging up, once at the start.

    Args:
        level: `debug`, `info`, `warning` or `error`.
    """
    is_terminal = sys.stderr.isatty()
    render: Any = (
        structlog.dev.ConsoleRenderer()
        if is_terminal
        else structlog.processors.JSONRenderer(serializer=lambda entry, **_: orjson.dumps(entry, default=str).decode())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _make_inert,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
