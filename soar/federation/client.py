"""What we ask an identity provider, over the one way out."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from soar.federation.discovery import PATH, Discovery, Foreign, parse_discovery, read_document
from soar.federation.provider import Provider
from soar.federation.token import Signed, check_signature, read_groups, refuse_token
from soar.ingest.strict_json import parse_json
from soar.model.clock import Clock
from soar.model.errors import ActionError, DeniedError, UnavailableError
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.secret import Secret

if TYPE_CHECKING:
    from soar.federation.keys import KeyRing

_FRESH = 3600.0  # seconds for which what a provider said of itself, and its keys, are not asked for again
_PAUSE = 60.0  # seconds between two looks for a key that we do not know
_TIMEOUT = 10.0
_LIMIT = 1024 * 1024  # bytes of an answer
_FORM = ("content-type", "application/x-www-form-urlencoded")
_PLAIN = (("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", "soar"))


class _Redeemed(Foreign):
    id_token: str
    access_token: str


class _Info(Foreign):
    sub: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code was exchanged for; nothing in it is checked yet."""

    id_token: str
    access_token: str


class ProviderClient:
    """Speaks to an identity provider; what it says of itself, and its keys, are remembered for an hour.

    Args:
        provider: which.
        egress: the way out.
        resolve: opens our secret there, by the credential's name.
        clock: real or virtual.
    """

    def __init__(
        self, provider: Provider, *, egress: Egress, resolve: Callable[[str], Awaitable[Secret]], clock: Clock
    ) -> None:
        self._provider = provider
        self._egress = egress
        self._resolve = resolve
        self._clock = clock
        self._lock = asyncio.Lock()
        self._discovery: tuple[float, Discovery] | None = None
        self._keys: tuple[float, KeyRing] | None = None

    async def discover(self) -> Discovery:
        """Return what the provider says of itself.

        Raises:
            UnavailableError: it does not answer (`sign_on.unreachable`).
            InputError: it cannot be trusted (`sign_on.insecure`), or what it says does not fit (`sign_on.malformed`).
        """
        async with self._lock:
            if self._discovery is None or self._age(self._discovery[0]) > _FRESH:
                raw = await self._get(self._provider.issuer.rstrip("/") + PATH)
                self._discovery = (self._clock.monotonic(), parse_discovery(raw, self._provider))
            return self._discovery[1]

    async def check(self) -> None:
        """See that the provider can be trusted now: it is who it says, and has keys that we take.

        Raises:
            UnavailableError: it does not answer (`sign_on.unreachable`).
            InputError: it cannot be trusted (`sign_on.insecure`), or what it says does not fit (`sign_on.malformed`).
        """
        await self._load_keys(await self.discover(), older_than=0.0)

    async def verify(self, token: Signed) -> None:
        """Refuse a token that the provider has not signed. A key that we do not know is looked for once a minute.

        Raises:
            DeniedError: it has not, or not in a way that we take (`sign_on.token`).
            UnavailableError: its keys cannot be had (`sign_on.unreachable`).
            InputError: it cannot be trusted any more (`sign_on.insecure`, `sign_on.malformed`).
        """
        discovery = await self.discover()
        if token.algorithm not in discovery.algorithms:
            raise refuse_token("it is not signed in a way that we take")
        for age in (_FRESH, _PAUSE):
            ring = await self._load_keys(discovery, older_than=age)
            key = ring.find(token.key_id, token.algorithm)
            if key is not None:
                check_signature(token, key)
                return
        raise refuse_token("it is signed with a key that the provider does not name")

    async def redeem(self, code: str, *, verifier: str, redirect: str) -> Redeemed:
        """Exchange a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

        Args:
            code: as it came with the person.
            verifier: what its challenge was made from.
            redirect: where the person was sent back to.

        Raises:
            DeniedError: the provider refuses it (`sign_on.code`).
            UnavailableError: the provider does not answer (`sign_on.unreachable`).
            InputError: its answer does not fit (`sign_on.malformed`).
        """
        discovery = await self.discover()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers, proof = await self._prove(discovery)
        body = urlencode({**form, **proof}).encode("ascii")
        answer = await self._send("POST", discovery.token, (_FORM, *headers), body)
        if answer.status != HTTPStatus.OK:
            raise DeniedError(
                f"the identity provider does not exchange the code; it answers {answer.status}",
                code="sign_on.code",
                hint="log in again; if that does not help, check the client's secret and its redirect address",
            )
        redeemed = read_document(answer.body, _Redeemed, "the answer to the code")
        return Redeemed(redeemed.id_token, redeemed.access_token)

    async def ask_groups(self, access_token: str, sub: str) -> tuple[str, ...]:
        """Return a person's groups as `userinfo` names them (OpenID Connect Core 1.0, section 5.3); none if it cannot.

        Raises:
            DeniedError: it speaks of somebody else (`sign_on.token`).
            UnavailableError: it does not answer (`sign_on.unreachable`).
            InputError: its answer does not fit (`sign_on.malformed`).
        """
        discovery = await self.discover()
        if discovery.userinfo is None:
            return ()
        raw = await self._get(discovery.userinfo, ("authorization", f"Bearer {access_token}"))
        if read_document(raw, _Info, "what it says of the person").sub != sub:
            raise refuse_token("it speaks of two people")
        document = parse_json(raw)
        return (read_groups(document, self._provider) if isinstance(document, dict) else None) or ()

    async def _prove(self, discovery: Discovery) -> tuple[tuple[tuple[str, str], ...], Mapping[str, str]]:
        """Return the headers and the fields of a form that say who we are (RFC 6749, section 2.3.1)."""
        client = self._provider.client_id
        if self._provider.credential is None:
            return (), {"client_id": client}
        secret = (await self._resolve(self._provider.credential)).reveal()
        if not discovery.takes_basic:
            return (), {"client_id": client, "client_secret": secret}
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
        return (("authorization", f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"),), {}

    async def _load_keys(self, discovery: Discovery, *, older_than: float) -> "KeyRing":
        """Return the keys; ask for them anew if those we have are older than so many seconds."""
        from soar.federation.keys import parse_keys  # noqa: PLC0415 -- its library is large, and seldom needed

        async with self._lock:
            if self._keys is None or self._age(self._keys[0]) >= older_than:
                self._keys = (self._clock.monotonic(), parse_keys(await self._get(discovery.keys)))
            return self._keys[1]

    def _age(self, since: float) -> float:
        return self._clock.monotonic() - since

    async def _get(self, url: str, *headers: tuple[str, str]) -> bytes:
        answer = await self._send("GET", url, headers, b"")
        if answer.status != HTTPStatus.OK:
            raise _miss(f"it answers {answer.status}")
        return answer.body

    async def _send(self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> EgressResponse:
        hosts = frozenset({urlsplit(url).hostname or ""})
        may_be_inside = self._provider.is_private or self._provider.is_here
        try:
            return await self._egress.send(
                EgressRequest(
                    method=method,
                    url=url,
                    headers=(*_PLAIN, *headers),
                    body=body,
                    hosts=hosts,
                    private_hosts=hosts if may_be_inside else frozenset(),
                    timeout=_TIMEOUT,
                    limit=_LIMIT,
                )
            )
        except ActionError as error:
            raise _miss(error.message) from error


def _miss(reason: str) -> UnavailableError:
    return UnavailableError(
        f"the identity provider cannot be asked: {reason}",
        code="sign_on.unreachable",
        hint="try again shortly, or log in with a password if you have one here",
        retry_after=5.0,
    )
