"""Asking for access tokens (RFC 6749): with a client's own credentials (4.4), or with a refresh token (6)."""

import base64
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote_plus

import httpx
from pydantic import BaseModel, Field, ValidationError

from soar.model.secret import Secret
from soar.sdk.client import Client
from soar.sdk.errors import AuthError, PermanentError, RateLimitedError, TransientError

_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,80}")  # RFC 6749, section 5.2
_ASSUMED = 300
"""Seconds that a token is taken to last where the server does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What is asked of a token endpoint.

    Attributes:
        url: the endpoint.
        client: the client's id.
        secret: the client's secret; None for a client without one.
        refresh: a refresh token; None asks with the client's own credentials.
        scope: what the token is to be good for; None leaves it to the server.
    """

    url: str
    client: str
    secret: Secret | None
    refresh: Secret | None
    scope: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token endpoint gave.

    Attributes:
        access: the access token.
        lasts: seconds it is good for.
        refresh: the refresh token to use from now on; None if the one that was sent stays good.
    """

    access: Secret
    lasts: int
    refresh: Secret | None = None


class _Answer(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=65_536, pattern=r"^[\x20-\x7e]+$", repr=False)]
    token_type: str
    expires_in: Annotated[int, Field(gt=0, le=31_536_000)] = _ASSUMED
    refresh_token: Annotated[str | None, Field(min_length=1, max_length=65_536, repr=False)] = None


async def ask_token(http: Client, request: TokenRequest) -> Granted:
    """Ask a token endpoint for an access token.

    Raises:
        AuthError: the server does not accept the client or the refresh token; its own word says which.
        RateLimitedError: the server asks for patience.
        TransientError: the server is not reached, or fails for reasons of its own.
        PermanentError: it answers something that is no bearer token.
    """
    form = {"grant_type": "refresh_token" if request.refresh else "client_credentials"}
    if request.refresh is not None:
        form["refresh_token"] = request.refresh.reveal()
    if request.scope is not None:
        form["scope"] = request.scope
    headers = {"Accept": "application/json"}
    if request.secret is None:
        form["client_id"] = request.client
    else:
        headers["Authorization"] = _authorize(request.client, request.secret)
    response = await http.post(request.url, data=form, headers=headers)
    if response.status_code != httpx.codes.OK:
        raise _explain(response)
    return _read(response)


def _authorize(client: str, secret: Secret) -> str:
    """Write id and secret as RFC 6749, section 2.3.1 has it: each encoded as in a form, then both as Basic."""
    pair = f"{quote_plus(client)}:{quote_plus(secret.reveal())}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def _read(response: httpx.Response) -> Granted:
    try:
        answer = _Answer.model_validate_json(response.content)
    except ValidationError:
        raise PermanentError("the token endpoint answered something that is no token") from None
    if answer.token_type.lower() != "bearer":
        raise PermanentError("the token endpoint gave a token of a type that we cannot use")
    refresh = None if answer.refresh_token is None else Secret(answer.refresh_token)
    return Granted(access=Secret(answer.access_token), lasts=answer.expires_in, refresh=refresh)


def _explain(response: httpx.Response) -> AuthError | RateLimitedError | TransientError:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        seconds = response.headers.get("Retry-After", "")
        return RateLimitedError(
            "the token endpoint asks for patience", retry_after=float(seconds) if seconds.isdecimal() else None
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        return TransientError(f"the token endpoint answers {status}")
    return AuthError(
        f"the token endpoint refuses: {_read_error(response) or status}",
        hint="look at the connection's oauth2 section and at its credentials",
    )


def _read_error(response: httpx.Response) -> str:
    """Return the server's word for what is wrong, if it is one."""
    try:
        document = response.json()
    except ValueError:
        return ""
    word = document.get("error") if isinstance(document, dict) else None
    return word if isinstance(word, str) and _ERROR.fullmatch(word) else ""
