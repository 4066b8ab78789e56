"""Bodies that come packed."""

import zlib
from typing import Final

from soar.model.errors import InputError

_GZIP: Final = 16 + zlib.MAX_WBITS


def holds_more(body: bytes, limit: int) -> bool:
    """Whether a gzip member holds more than so many bytes; no more is unpacked than shows it. What is none does not."""
    try:
        return len(zlib.decompressobj(_GZIP).decompress(body, limit + 1)) > limit
    except zlib.error:
        return False


def unpack(body: bytes, limit: int) -> bytes:
    """Return what a gzip member (RFC 1952) holds; no more is unpacked than shows that it is too much.

    Args:
        body: one member.
        limit: bytes that it may hold.

    Raises:
        InputError: it is none, is cut off or has something behind it (`invalid_body`), or holds more (`too_large`).
    """
    member = zlib.decompressobj(_GZIP)
    try:
        unpacked = member.decompress(body, limit + 1)
    except zlib.error as error:
        raise InputError("the body is no gzip", code="invalid_body", hint="pack it as RFC 1952 has it") from error
    if len(unpacked) > limit:
        raise InputError(f"the body holds more than {limit} bytes", code="too_large", hint="send less at once")
    if not member.eof or member.unused_data:
        raise InputError("the body is not exactly one member", code="invalid_body", hint="pack it as one, and whole")
    return unpacked
