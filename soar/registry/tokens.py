"""Access tokens of connections: asked for when they are needed, one at a time, kept until they are nearly out."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from soar.model.catalog import Connection, OAuth2
from soar.model.clock import Clock
from soar.model.network import Egress
from soar.model.secret import BoundSecret, Secret
from soar.registry.binding import narrow_hosts
from soar.sdk.client import Client
from soar.sdk.errors import AuthError, TransientError, UnknownOutcomeError
from soar.sdk.manifest import PRIVATE
from soar.sdk.oauth import Granted, TokenRequest, ask_token

Resolve = Callable[[str, str], Awaitable[BoundSecret]]
"""Opens a credential, by workspace and name."""

Keep = Callable[[str, str, Secret, BoundSecret], Awaitable[None]]
"""Stores a credential's next value, by workspace and name, in the place of what was opened before."""

_MARGIN = 60.0  # seconds before its end at which a token counts as out, at most a tenth of its life
_TIMEOUT = 10.0  # seconds of a request for a token


@dataclass(frozen=True, slots=True)
class _Kept:
    token: Secret = field(repr=False)
    until: float


class AccessTokens:
    """Gives connections their access tokens.

    Args:
        egress: the way out.
        resolve: opens credentials.
        keep: stores a refresh token that the server has exchanged.
        clock: says when a token is out.
    """

    def __init__(self, egress: Egress, *, resolve: Resolve, keep: Keep, clock: Clock) -> None:
        self._egress = egress
        self._resolve = resolve
        self._keep = keep
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, workspace: str, connection: Connection, recipe: OAuth2) -> Secret:
        """Return an access token for a connection.

        Args:
            workspace: whose connection.
            connection: who asks.
            recipe: how it gets its tokens.

        Raises:
            ActionError: the token endpoint is not reached, or refuses.
            SoarError: a credential cannot be opened, or is not meant for the endpoint's host (`credential_host`).
        """
        place = workspace, connection.id
        async with self._turns[place]:
            kept = self._kept.get(place)
            if kept is None or kept.until <= self._clock.monotonic():
                granted = await self._ask(workspace, connection, recipe)
                margin = min(_MARGIN, granted.lasts / 10)
                kept = _Kept(granted.access, self._clock.monotonic() + granted.lasts - margin)
                self._kept[place] = kept
            return kept.token

    def forget(self, workspace: str, connection: str) -> None:
        """Ask anew the next time: the product does not take the token any more."""
        self._kept.pop((workspace, connection), None)

    async def _ask(self, workspace: str, connection: Connection, recipe: OAuth2) -> Granted:
        secret = await self._open(workspace, connection, recipe, recipe.client_secret)
        refresh = await self._open(workspace, connection, recipe, recipe.refresh_token)
        try:
            granted = await self._send(connection, recipe, secret, refresh)
        except AuthError:
            newer = await self._open(workspace, connection, recipe, recipe.refresh_token)
            if refresh is None or newer is None or newer.secret.reveal() == refresh.secret.reveal():
                raise
            refresh = newer  # another process has exchanged it meanwhile
            granted = await self._send(connection, recipe, secret, refresh)
        await self._keep_exchanged(workspace, recipe, refresh, granted.refresh)
        return granted

    async def _keep_exchanged(
        self, workspace: str, recipe: OAuth2, former: BoundSecret | None, exchanged: Secret | None
    ) -> None:
        if former is None or exchanged is None or recipe.refresh_token is None:
            return
        if exchanged.reveal() != former.secret.reveal():
            await self._keep(workspace, recipe.refresh_token, exchanged, former)

    async def _open(
        self, workspace: str, connection: Connection, recipe: OAuth2, name: str | None
    ) -> BoundSecret | None:
        if name is None:
            return None
        opened = await self._resolve(workspace, name)
        narrow_hosts(_find_host(recipe), {name: opened}, f"the token endpoint of {connection.id}")
        return opened

    async def _send(
        self, connection: Connection, recipe: OAuth2, secret: BoundSecret | None, refresh: BoundSecret | None
    ) -> Granted:
        hosts = _find_host(recipe)
        http = Client(
            self._egress,
            hosts=hosts,
            private_hosts=hosts if connection.settings.get(PRIVATE) is True else frozenset(),
            idempotency_key=f"soar-token-{connection.id}",
            timeout=_TIMEOUT,
        )
        request = TokenRequest(
            url=recipe.token_url,
            client=recipe.client_id,
            secret=secret.secret if secret else None,
            refresh=refresh.secret if refresh else None,
            scope=recipe.scope,
        )
        try:
            return await ask_token(http, request)
        except UnknownOutcomeError as error:  # of the request for a token; the product was asked for nothing yet
            raise TransientError(f"no token came: {error.message}") from error


def _find_host(recipe: OAuth2) -> frozenset[str]:
    return frozenset({urlsplit(recipe.token_url).hostname or ""})
