"""Logins through an identity provider: begun, finished and ended. It keeps nothing."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from soar.federation.attempt import Attempt
from soar.federation.client import ProviderClient, Redeemed
from soar.federation.provider import Provider
from soar.federation.token import LEEWAY, Login, Logout, parse_token, read_login, read_logout, refuse_token
from soar.model.clock import Clock
from soar.model.errors import DeniedError
from soar.model.federation import PendingLogin

CALLBACK = "/login/sso/callback"
"""Where people come back to, below our address."""

_SHOWN = 200


class SignOnService:
    """Logs people in through an identity provider.

    Args:
        provider: which.
        client: speaks to it.
        clock: for the age of what it says.
        url: how people reach us, without a slash at the end.
    """

    def __init__(self, provider: Provider, client: ProviderClient, *, clock: Clock, url: str) -> None:
        self.provider = provider
        self._client = client
        self._clock = clock
        self._url = url

    async def check(self) -> None:
        """See that the provider can be trusted; see `ProviderClient.check`."""
        await self._client.check()

    async def begin(self, attempt: Attempt, *, is_fresh: bool) -> str:
        """Return the address to send a person to.

        Args:
            attempt: what they will be recognised by.
            is_fresh: whether they have to prove anew who they are, with a second factor if the site knows any.

        Raises:
            UnavailableError: the provider does not answer.
            InputError: it cannot be trusted, or what it says does not fit.
        """
        discovery = await self._client.discover()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self._url + CALLBACK,
            "scope": " ".join(self.provider.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if is_fresh:
            asked |= {"max_age": "0", "prompt": "login"}
            if self.provider.mfa_acr:
                asked["acr_values"] = " ".join(sorted(self.provider.mfa_acr))
        return _extend(discovery.authorization, asked)

    async def finish(self, answer: Mapping[str, str], attempt: Attempt, pending: PendingLogin) -> Login:
        """Return who has come back.

        Args:
            answer: the parameters that came with them.
            attempt: what belongs to their browser.
            pending: the login that was begun, already taken, so that it does not come back again.

        Raises:
            DeniedError: the provider did not let them in, or what it sent is not accepted.
            UnavailableError: it does not answer.
            InputError: it cannot be trusted, or what it says does not fit.
        """
        discovery = await self._client.discover()
        if not hmac.compare_digest(answer.get("state", "").encode("utf-8", "replace"), attempt.state.encode()):
            raise refuse_token("it belongs to another browser")
        if self._clock.now() >= pending.expires_at:
            raise refuse_token("it comes too late")
        if answer.get("iss", None if discovery.names_issuer else self.provider.issuer) != self.provider.issuer:
            raise refuse_token("it comes from another provider")
        if "error" in answer:
            raise DeniedError(
                f"the identity provider did not let you in: {_clean(answer['error'])}",
                code="sign_on.refused",
                hint="log in again, or ask whoever keeps the identity provider",
            )
        if not answer.get("code"):
            raise refuse_token("there is no code")
        redeemed = await self._client.redeem(answer["code"], verifier=attempt.verifier, redirect=self._url + CALLBACK)
        login = await self._read_login(redeemed, attempt.nonce)
        if pending.is_fresh and not _is_since(login.authenticated_at, pending.created_at):
            raise refuse_token("you did not prove anew who you are")
        return login

    async def read_logout(self, text: str) -> Logout:
        """Return who has logged out at the provider.

        Raises:
            DeniedError: what came is no logout token of this provider for us (`sign_on.token`).
            UnavailableError: its keys cannot be had.
            InputError: it cannot be trusted, or what it says does not fit.
        """
        token = parse_token(text)
        await self._client.verify(token)
        return read_logout(token, self.provider, now=self._clock.now())

    async def find_end(self) -> str | None:
        """Return where a person ends their login at the provider, too (OpenID Connect RP-Initiated Logout 1.0).

        None if the provider knows no such place.

        Raises:
            UnavailableError: the provider does not answer.
            InputError: it cannot be trusted, or what it says does not fit.
        """
        end = (await self._client.discover()).end_session
        back = {"client_id": self.provider.client_id, "post_logout_redirect_uri": f"{self._url}/"}
        return None if end is None else _extend(end, back)

    async def _read_login(self, redeemed: Redeemed, nonce: str) -> Login:
        token = parse_token(redeemed.id_token)
        await self._client.verify(token)
        now, access_token = self._clock.now(), redeemed.access_token
        login = read_login(token, self.provider, nonce=nonce, access_token=access_token, now=now)
        if login.groups is not None:
            return login
        return replace(login, groups=await self._client.ask_groups(access_token, login.sub))


def _is_since(at: datetime | None, begun: datetime) -> bool:
    return at is not None and at >= begun - LEEWAY


def _extend(url: str, parameters: Mapping[str, str]) -> str:
    """Add parameters to an address that may have some."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"


def _clean(text: str) -> str:
    """Return what a stranger may have written as one short line of plain characters."""
    return "".join(character for character in text[:_SHOWN] if " " <= character <= "~")
