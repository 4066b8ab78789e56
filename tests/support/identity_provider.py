"""A small identity provider on a loopback port: OpenID Connect as its specification has it, with real keys."""

import base64
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from soar.api.server import serve_socket
from soar.federation.provider import Provider
from tests.support.clock import SteppedClock

CLIENT = "soar-client"
CLIENT_SECRET = "the secret of our client"
SUBJECT = "248289761001"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Claims = dict[str, Any]


@cache
def make_key(algorithm: str, name: str = "key") -> RSAKey | ECKey | OKPKey:
    """Return a private key for an algorithm; the same for the same name."""
    parameters = {"kid": f"{name}-{algorithm}", "use": "sig", "alg": algorithm}
    match algorithm:
        case "ES256":
            return ECKey.generate_key("P-256", parameters)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519", parameters)
        case _:
            return RSAKey.generate_key(2048, parameters)


def sign(header: Mapping[str, Any], payload: bytes, key: RSAKey | ECKey | OKPKey | OctKey | None) -> str:
    """Return a token with exactly this header, signed as the header's `alg` says."""
    signed = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
    algorithm = JWSRegistry.algorithms[str(header["alg"])]
    return f"{signed}.{encode(algorithm.sign(signed.encode(), key))}"


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def hash_half(text: str, algorithm: str = "RS256") -> str:
    hashed = hashlib.new("sha512" if algorithm == "EdDSA" else "sha256", text.encode()).digest()
    return encode(hashed[: len(hashed) // 2])


@dataclass
class IdentityProvider:
    """What it is like, and what it has seen.

    Attributes:
        claims: what it says of whoever logs in.
        make_token: turns the claims of an ID token into its text; a test may lie here.
        published: the private keys whose public parts it shows.
        discovery: what it says otherwise of itself; a test may lie here.
        answer: further parameters of the way back; None takes one away.
        requests: what was sent to it, by path.
        info: what `userinfo` says besides `sub`.
    """

    url: str
    clock: SteppedClock
    claims: Claims = field(
        default_factory=lambda: {
            "sub": SUBJECT,
            "preferred_username": "jane",
            "name": "Jane Doe",
            "email": "jane@corp.example",
            "email_verified": True,
            "groups": ["soc", "others"],
            "acr": "gold",
            "amr": ["pwd", "otp"],
            "sid": "there-1",
        }
    )
    algorithm: str = "RS256"
    make_token: Callable[[Claims], str] | None = None
    published: list[RSAKey | ECKey | OKPKey] = field(default_factory=lambda: [make_key("RS256")])
    discovery: Claims = field(default_factory=dict)
    answer: dict[str, str | None] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    info: Claims = field(default_factory=dict)
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def provider(self) -> Provider:
        """What a site says of it."""
        return Provider(
            name="Corp ID",
            issuer=self.url,
            client_id=CLIENT,
            credential="provider_secret",
            scopes=("openid", "profile"),
            subject_claim="sub",
            groups_claim="groups",
            roles={"soc": "analyst", "leads": "soc-lead", "admins": "admin", "auditors": "auditor"},
            mfa_acr=frozenset({"gold"}),
            mfa_amr=frozenset(),
            is_private=False,
        )

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def sign(self, claims: Claims, **header: object) -> str:
        """Sign claims as they are due."""
        key = make_key(self.algorithm)
        head = {"alg": self.algorithm, "kid": key.kid, "typ": "JWT", **header}
        return sign(head, json.dumps(claims).encode(), key)

    def make_logout(self, **changes: object) -> Claims:
        """Return the claims of a logout token for the login that it gave last."""
        specimen = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": self.now(),
            "exp": self.now() + 120,
            "jti": "logout-1",
            "sub": self.claims["sub"],
            "sid": self.claims["sid"],
            "events": {LOGOUT_EVENT: {}},
        }
        merged = {**specimen, **changes}
        return {name: value for name, value in merged.items() if value is not ...}

    def count(self, path: str) -> int:
        return sum(1 for seen, _ in self.requests if seen == path)

    async def show_discovery(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, {}))
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["openid"],
            **self.discovery,
        }
        return web.json_response({name: value for name, value in document.items() if value is not ...})

    async def show_keys(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, {}))
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.published]})

    async def authorize(self, request: web.Request) -> web.Response:
        """Let whoever comes log in at once, and send them back."""
        asked = dict(request.query)
        self.requests.append((request.path, asked))
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        given = {"code": code, "state": asked["state"], "iss": self.url, "session_state": "x", **self.answer}
        back = urlencode({name: value for name, value in given.items() if value is not None})
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    async def exchange(self, request: web.Request) -> web.Response:
        """Exchange a code once, for whoever knows the secret and the verifier."""
        form = {name: texts[0] for name, texts in parse_qs((await request.read()).decode()).items()}
        self.requests.append((request.path, {**form, "authorization": request.headers.get("Authorization", "")}))
        asked = self._codes.pop(form["code"], None)
        if asked is None or not self._is_our_client(request, form) or not _proves(form, asked):
            return web.json_response({"error": "invalid_grant"}, status=400)
        access_token = f"access for {asked['nonce']}"
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "exp": self.now() + 300,
            "iat": self.now(),
            "auth_time": self.now(),
            "nonce": asked["nonce"],
            "at_hash": hash_half(access_token, self.algorithm),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not ...}
        token = (self.make_token or self.sign)(claims)
        return web.json_response({"access_token": access_token, "token_type": "Bearer", "id_token": token})

    async def show_info(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, {"authorization": request.headers.get("Authorization", "")}))
        return web.json_response({"sub": self.claims["sub"], **self.info})

    def _is_our_client(self, request: web.Request, form: Mapping[str, str]) -> bool:
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET.replace(' ', '%20')}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {basic}" or form.get("client_secret") == CLIENT_SECRET


def _proves(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    challenge = encode(hashlib.sha256(form["code_verifier"].encode()).digest())
    return challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]


@asynccontextmanager
async def open_identity_provider(clock: SteppedClock) -> AsyncIterator[IdentityProvider]:
    """Serve an identity provider, and take it down again."""
    made = IdentityProvider("", clock)
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", made.show_discovery)
    application.router.add_get("/keys", made.show_keys)
    application.router.add_get("/authorize", made.authorize)
    application.router.add_get("/userinfo", made.show_info)
    application.router.add_post("/token", made.exchange)
    running = await serve_socket(application, socket.create_server(("127.0.0.1", 0)), drain=1.0)
    made.url = running.url
    try:
        yield made
    finally:
        await running.close()


def read_query(url: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return {name: texts[0] for name, texts in parse_qs(urlsplit(url).query).items()}
