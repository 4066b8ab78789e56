"""Tokens with which Microsoft's Bot Connector proves that a request to a bot is its own.

See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from soar.approvals.teams_request import Vouched
from soar.federation.discovery import Foreign, read_document
from soar.federation.token import Date, Signed, check_signature, parse_token
from soar.model.clock import Clock
from soar.model.errors import ActionError, DeniedError, UnavailableError
from soar.model.network import Egress, EgressRequest

if TYPE_CHECKING:
    from soar.federation.keys import KeyRing

METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
"""Where the Bot Connector says where its keys are."""
ISSUER = "https://api.botframework.com"
"""How the Bot Connector calls itself in its tokens."""
LEEWAY = timedelta(minutes=5)
"""How far its clock and ours may be apart."""

_ALGORITHM = "RS256"
_FRESH = 86_400.0  # seconds for which keys are not asked for again
_PAUSE = 60.0  # seconds between two looks for a key that we do not know
_TIMEOUT = 10.0
_LIMIT = 1024 * 1024  # bytes of an answer


class _Metadata(Foreign):
    issuer: str
    jwks_uri: str


class _Endorsed(Foreign):
    kid: str = ""
    endorsements: tuple[str, ...] = Field(default=(), strict=False)


class _Endorsements(Foreign):
    keys: list[_Endorsed]


class _Claims(Foreign):
    iss: str
    aud: str
    exp: Date
    nbf: Date = 0
    serviceurl: str


@dataclass(frozen=True, slots=True)
class _Known:
    """The keys as they were at a moment, and the channels for which each of them may speak, by its id."""

    at: float
    ring: "KeyRing"
    endorsements: dict[str, frozenset[str]]


class BotTokens:
    """Checks the tokens that come with the Bot Connector's requests; its keys are remembered for a day.

    Args:
        application: the bot's application id; a token for another is refused.
        egress: the way out.
        clock: real or virtual.
    """

    def __init__(self, application: str, *, egress: Egress, clock: Clock) -> None:
        self._application = application
        self._egress = egress
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: _Known | None = None

    async def verify(self, text: str) -> Vouched:
        """Return what a token vouches for.

        Raises:
            DeniedError: the Bot Connector did not sign it, or not for us, or not now (`chat.signature`).
            UnavailableError: its keys cannot be had.
            InputError: what it says of its keys does not fit.
        """
        try:
            token = parse_token(text)
            known = await self._check(token)
        except DeniedError as error:
            raise _refuse() from error
        claims = self._read_claims(token)
        return Vouched(service_url=claims.serviceurl, channels=known.endorsements.get(token.key_id or "", frozenset()))

    async def _check(self, token: Signed) -> _Known:
        """Refuse a token that none of the keys has signed. A key that we do not know is looked for once a minute."""
        if token.algorithm != _ALGORITHM or token.type != "jwt" or token.key_id is None:
            raise _refuse()
        for age in (_FRESH, _PAUSE):
            known = await self._load(older_than=age)
            key = known.ring.find(token.key_id, token.algorithm)
            if key is not None:
                check_signature(token, key)
                return known
        raise _refuse()

    def _read_claims(self, token: Signed) -> _Claims:
        try:
            claims = _Claims.model_validate_json(token.payload)
        except ValidationError as error:
            raise _refuse() from error
        at, leeway = self._clock.now().timestamp(), LEEWAY.total_seconds()
        is_ours = claims.iss == ISSUER and claims.aud == self._application and self._application
        if not is_ours or claims.exp + leeway <= at or claims.nbf - leeway > at:
            raise _refuse()
        return claims

    async def _load(self, *, older_than: float) -> _Known:
        """Return the keys; ask for them anew if those we have are older than so many seconds."""
        from soar.federation.keys import parse_keys  # noqa: PLC0415 -- its library is large, and seldom needed

        async with self._lock:
            at = self._clock.monotonic()
            if self._known is None or at - self._known.at >= older_than:
                metadata = read_document(await self._get(METADATA), _Metadata, "the Bot Connector's metadata")
                raw = await self._get(metadata.jwks_uri)
                listed = read_document(raw, _Endorsements, "the Bot Connector's keys").keys
                endorsements = {each.kid: frozenset(each.endorsements) for each in listed}
                self._known = _Known(at, parse_keys(raw), endorsements)
            return self._known

    async def _get(self, url: str) -> bytes:
        """Return what is at an address of the host that the metadata is at."""
        hosts = frozenset({str(urlsplit(METADATA).hostname)})
        if urlsplit(url).scheme != "https":
            raise _miss("it names an address without https")
        request = EgressRequest(
            method="GET",
            url=url,
            headers=(("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", "soar")),
            body=b"",
            hosts=hosts,
            private_hosts=frozenset(),
            timeout=_TIMEOUT,
            limit=_LIMIT,
        )
        try:
            answer = await self._egress.send(request)
        except ActionError as error:
            raise _miss(error.message) from error
        if answer.status != HTTPStatus.OK:
            raise _miss(f"it answers {answer.status}")
        return answer.body


def _refuse() -> DeniedError:
    return DeniedError(
        "the request is not signed by Microsoft's Bot Connector for us",
        code="chat.signature",
        hint="check the connection's application id, and this machine's clock",
    )


def _miss(reason: str) -> UnavailableError:
    return UnavailableError(
        f"the Bot Connector's keys cannot be had: {reason}",
        code="chat.keys",
        hint="let this machine reach login.botframework.com",
        retry_after=5.0,
    )
