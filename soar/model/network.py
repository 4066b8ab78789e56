"""The one way out."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRequest:
    """One HTTP request to a product.

    Attributes:
        hosts: the host names that this connection may speak to; any other is refused.
        private_hosts: those of them that may resolve to a private or loopback address.
        timeout: seconds for the whole exchange.
        limit: bytes of the answer's body that are read at most.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    hosts: frozenset[str]
    private_hosts: frozenset[str] = frozenset()
    timeout: float = 30.0
    limit: int = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressResponse:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Egress(Protocol):
    """Sends requests out. Real: resolves, checks every address, pins, connects, verifies TLS, follows no redirect.

    Virtual: routes to fakes, with faults.
    """

    async def send(self, request: EgressRequest) -> EgressResponse:
        """Send one request and read its answer.

        Raises:
            soar.sdk.errors.EgressRefusedError: the host or its address is not allowed; nothing was sent.
            soar.sdk.errors.UnreachableError: nothing was sent (no name, no connection).
            soar.sdk.errors.UnknownOutcomeError: it broke after the request may have arrived.
        """
        ...

    async def close(self) -> None:
        """Close pooled connections."""
        ...
