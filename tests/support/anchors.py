"""What tests of anchors have in common."""

from collections.abc import Awaitable, Callable

from soar.model.audit import Checkpoint

ORIGIN = "soar.example/audit"
WORKSPACE = "north"

Grow = Callable[..., Awaitable[Checkpoint]]
"""Records so many events and signs them."""

Fetch = Callable[[int, int], Awaitable[list[bytes]]]
"""Reads leaf hashes."""
