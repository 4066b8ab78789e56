"""Requests that are genuine, one for each way in which a source proves itself."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soar.ingest.authentication import Recipe, Request, find_refusal
from soar.ingest.source import parse_source
from soar.model.secret import Secret
from soar.model.values import JsonValue
from tests.support.repository import ROOT

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
UNIX = int(NOW.timestamp())
KEY = "a-key-of-more-than-sixteen-bytes"
OTHER_KEY = "another-key-of-more-than-sixteen"
PROXY = "192.0.2.1"
BODY = b'{"id": 7, "kind": "malware.found", "host": "srv-1", "value": [{"a": 1}, {"a": 2}]}'
STATE_BODY = json.dumps({"value": [{"clientState": KEY, "resource": "x"}, {"clientState": KEY}]}).encode()
FINGERPRINT = hashlib.sha256(b"a certificate").hexdigest()


@dataclass(frozen=True, slots=True)
class Genuine:
    """A request that is let in.

    Attributes:
        name: of the way.
        proof: names the headers that it rests on; anything else in the request may change.
        at: the moment at which it is let in.
        is_bound: whether its body is part of the proof.
    """

    name: str
    recipe: Recipe
    keys: tuple[str, ...]
    request: Request
    proof: tuple[str, ...]
    at: datetime = NOW
    is_bound: bool = True

    def judge(self, request: Request, now: datetime | None = None) -> str | None:
        """Return why a request is refused; None if it is let in."""
        return find_refusal(self.recipe, request, [Secret(key) for key in self.keys], now or self.at)


def load_vector(name: str) -> dict[str, Any]:
    """Return one of the vendors' signature vectors."""
    vector: dict[str, Any] = json.loads(
        (ROOT / "tests" / "fixtures" / "signatures" / f"{name}.json").read_text("utf-8")
    )
    return vector


@cache
def list_genuine() -> tuple[Genuine, ...]:
    """Return a genuine request for each way, with two keys each where there are keys."""
    return (*_list_vectors(), *_list_signed(), *_list_tokens())


def _read_recipe(way: str, settings: dict[str, JsonValue] | None = None, **beside: JsonValue) -> Recipe:
    auth: dict[str, JsonValue] = {way: {"secret": ["k", "old"], **(settings or {})}, **beside}
    return parse_source({"auth": auth, "alert": {}}, "probe").recipe


def _make(name: str, recipe: Recipe, headers: Mapping[str, str], *, body: bytes = BODY, key: str = KEY) -> Genuine:
    return Genuine(name, recipe, (OTHER_KEY, key), Request(headers, body), tuple(headers))


def _mac(signed: bytes, algorithm: str = "sha256", key: bytes = KEY.encode()) -> bytes:
    return hmac.digest(key, signed, algorithm)


def _list_vectors() -> Iterator[Genuine]:
    standard = load_vector("standard_webhooks_v1")
    yield Genuine(
        "standard-webhooks",
        _read_recipe("standard-webhooks"),
        (standard["secret"],),
        Request(
            {
                "webhook-id": standard["webhook_id"],
                "webhook-timestamp": standard["webhook_timestamp"],
                "webhook-signature": standard["webhook_signature"],
            },
            standard["body"].encode(),
        ),
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
        datetime.fromtimestamp(int(standard["webhook_timestamp"]), UTC),
    )
    slack = load_vector("slack_go_vector")
    yield Genuine(
        "slack",
        _read_recipe("slack"),
        (slack["signing_secret"],),
        Request(
            {"x-slack-signature": slack["signature"], "x-slack-request-timestamp": slack["timestamp"]},
            slack["body"].encode(),
        ),
        ("x-slack-signature", "x-slack-request-timestamp"),
        datetime.fromtimestamp(int(slack["timestamp"]), UTC),
    )
    pagerduty = load_vector("pagerduty_v3")
    yield Genuine(
        "pagerduty",
        _read_recipe("pagerduty"),
        (pagerduty["secret"],),
        Request({"x-pagerduty-signature": pagerduty["valid"]}, pagerduty["body"].encode()),
        ("x-pagerduty-signature",),
    )


def _list_signed() -> Iterator[Genuine]:
    yield _make("github", _read_recipe("github"), {"x-hub-signature-256": f"sha256={_mac(BODY).hex()}"})
    yield _make("atlassian", _read_recipe("atlassian"), {"x-hub-signature": f"sha256={_mac(BODY).hex()}"})
    timed = b"%d.%s" % (UNIX, BODY)
    yield _make("stripe", _read_recipe("stripe"), {"stripe-signature": f"t={UNIX},v1={_mac(timed).hex()}"})
    settings: dict[str, JsonValue] = {
        "header": "X-Sig",
        "timestamp": "X-Ts",
        "unit": "ms",
        "id": "X-Id",
        "template": "{id}|{timestamp}|{body}",
        "encoding": "base64",
        "algorithm": "sha512",
    }
    own = base64.b64encode(_mac(b"7|%d|%s" % (UNIX * 1000, BODY), "sha512")).decode()
    yield _make("hmac", _read_recipe("hmac", settings), {"x-sig": own, "x-ts": str(UNIX * 1000), "x-id": "7"})
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a private key").digest())
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = base64.b64encode(private.sign(b"msg_1.%d.%s" % (UNIX, BODY))).decode()
    yield _make(
        "standard-webhooks-v1a",
        _read_recipe("standard-webhooks-v1a"),
        {"webhook-id": "msg_1", "webhook-timestamp": str(UNIX), "webhook-signature": f"v1a,{signature}"},
        key=f"whpk_{base64.b64encode(public).decode()}",
    )


def _list_tokens() -> Iterator[Genuine]:
    basic = base64.b64encode(f"siem:{KEY}".encode()).decode()
    certificate = _read_certificate()
    free = (
        _make("bearer", _read_recipe("bearer"), {"authorization": f"Bearer {KEY}"}),
        _make("token", _read_recipe("token", {"header": "X-Token"}), {"x-token": KEY}),
        _make("okta", _read_recipe("okta"), {"authorization": KEY}),
        _make("basic", _read_recipe("basic", {"user": "siem"}), {"authorization": f"Basic {basic}"}),
        Genuine("mtls", certificate, (), Request({"x-cert": FINGERPRINT}, BODY, PROXY), ("x-cert",)),
        Genuine("microsoft-graph", _read_recipe("microsoft-graph"), (KEY,), Request({}, STATE_BODY), ()),
    )
    for one in free:
        yield Genuine(one.name, one.recipe, one.keys, one.request, one.proof, is_bound=False)


def _read_certificate() -> Recipe:
    auth: dict[str, JsonValue] = {
        "mtls": {"fingerprint": FINGERPRINT, "header": "X-Cert", "form": "sha256"},
        "proxies": PROXY,
    }
    return parse_source({"auth": auth, "alert": {}}, "probe").recipe
