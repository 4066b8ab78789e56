"""The ways in which sources prove themselves, each beside `test_authentication` in what is its own."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from soar.ingest.authentication import Recipe, Request, find_delivery_id, find_refusal, make_key
from soar.ingest.bodies.state import hide_state
from soar.ingest.client_certificate import Form, read_fingerprint
from soar.ingest.source import parse_source
from soar.model.errors import InputError
from soar.model.secret import Secret
from soar.model.values import JsonValue
from tests.support.clock import START

KEY = "a-key-of-more-than-sixteen-bytes"
BODY = b'{"n": 1}'
NOW = int(START.timestamp())
DER = b"not really a certificate, and as good as one here"
FINGERPRINT = hashlib.sha256(DER).hexdigest()
PEM = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(DER).decode()}\n-----END CERTIFICATE-----\n"


def recipe_of(auth: dict[str, JsonValue]) -> Recipe:
    return parse_source({"auth": auth, "alert": {}}, "probe").recipe


def judge(recipe: Recipe, headers: dict[str, str], body: bytes = BODY, remote: str = "", *keys: str) -> str | None:
    return find_refusal(recipe, Request(headers, body, remote), [Secret(key) for key in keys or (KEY,)], START)


def mac(signed: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(KEY.encode(), signed, algorithm)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "upper-hex", "base64"])
def test_each_hash_is_written_in_the_one_way_that_the_source_says(algorithm: str, encoding: str) -> None:
    settings: dict[str, JsonValue] = {"header": "X", "secret": "k", "algorithm": algorithm, "encoding": encoding}
    raw = mac(BODY, algorithm)
    written = {"hex": raw.hex(), "upper-hex": raw.hex().upper(), "base64": base64.b64encode(raw).decode()}
    accepted = [name for name, text in written.items() if judge(recipe_of({"hmac": settings}), {"x": text}) is None]
    assert accepted == [encoding]


def test_stripe_signs_the_moment_that_stands_in_the_same_header() -> None:
    recipe, good = recipe_of({"stripe": {"secret": "k"}}), mac(b"%d.%s" % (NOW, BODY)).hex()
    assert judge(recipe, {"stripe-signature": f"t={NOW},v1={'0' * 64},v1={good},v0=x"}) is None
    for header in (f"t={NOW - 1},v1={good}", f"v1={good}", f"t={NOW},t={NOW},v1={good}", f"t={NOW},v0={good}"):
        assert judge(recipe, {"stripe-signature": header}) == "the signature is wrong or missing"
    old = mac(b"%d.%s" % (NOW - 301, BODY)).hex()
    assert judge(recipe, {"stripe-signature": f"t={NOW - 301},v1={old}"}) == "the timestamp is 301 s old"


def test_a_moment_may_be_counted_in_milliseconds() -> None:
    settings: dict[str, JsonValue] = {"header": "X", "secret": "k", "timestamp": "T", "unit": "ms"}
    recipe = recipe_of({"hmac": settings})
    for late, refusal in ((300_000, None), (300_900, "the timestamp is 301 s old")):
        at = str(NOW * 1000 - late)
        assert judge(recipe, {"x": mac(f"{at}.".encode() + BODY).hex(), "t": at}) == refusal
    assert judge(recipe, {"x": mac(b"now." + BODY).hex(), "t": "now"}) == (
        "the timestamp is missing, or no Unix time in milliseconds"
    )


def test_of_many_signatures_only_the_first_are_looked_at() -> None:
    recipe, good = recipe_of({"pagerduty": {"secret": "k"}}), f"v1={mac(BODY).hex()}"
    wrong = f"v1={'0' * 64}"
    assert judge(recipe, {"x-pagerduty-signature": ",".join([*([wrong] * 9), good])}) is None
    assert judge(recipe, {"x-pagerduty-signature": ",".join([*([wrong] * 10), good])}) is not None


def test_a_public_key_is_a_key_of_ed25519_or_none() -> None:
    recipe = recipe_of({"standard-webhooks-v1a": {"secret": "k"}})
    headers = {"webhook-id": "m", "webhook-timestamp": str(NOW), "webhook-signature": "v1a," + "A" * 86 + "=="}
    for key in ("whpk_", f"whpk_{base64.b64encode(bytes(31)).decode()}", "whsec_" + "A" * 43 + "=", "f" * 63):
        assert judge(recipe, headers, BODY, "", key) == "the source has no key of 16 bytes or more"
    for key in (f"whpk_{base64.b64encode(bytes(32)).decode()}", "ff" * 32):
        assert judge(recipe, headers, BODY, "", key) == "the signature is wrong or missing"


def test_a_public_key_signs_nothing_in_the_symmetric_way() -> None:
    public = f"whpk_{base64.b64encode(bytes(32)).decode()}"
    signed = b"m.%d.%s" % (NOW, BODY)
    for key in (bytes(32), public.encode()):
        digest = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        headers = {"webhook-id": "m", "webhook-timestamp": str(NOW), "webhook-signature": f"v1,{digest}"}
        assert judge(recipe_of({"standard-webhooks": {"secret": "k"}}), headers, BODY, "", public) is not None


def test_a_token_may_stand_in_a_header_of_its_own() -> None:
    recipe = recipe_of({"token": {"header": "X-Gitlab-Token", "secret": "k"}})
    assert judge(recipe, {"x-gitlab-token": KEY}) is None
    for headers in ({}, {"x-gitlab-token": f"Bearer {KEY}"}, {"x-gitlab-token": f"{KEY} "}, {"authorization": KEY}):
        assert judge(recipe, headers) == "the token is wrong or missing"


def test_a_name_and_a_password_are_both_asked_for() -> None:
    recipe = recipe_of({"basic": {"user": "siem", "secret": "k"}})

    def send(text: str, scheme: str = "Basic") -> str | None:
        return judge(recipe, {"authorization": f"{scheme} {base64.b64encode(text.encode()).decode()}"})

    assert send(f"siem:{KEY}") is None
    assert send(f"siem:{KEY}", "basic") is None
    refusal = "the name or the password is wrong or missing"
    assert {send(f"eve:{KEY}"), send("siem:"), send(KEY), send(f"siem:{KEY}", "Bearer")} == {refusal}
    assert judge(recipe, {"authorization": f"Basic siem:{KEY}"}) == refusal


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ("rfc9440", f":{base64.b64encode(DER).decode()}:"),
        ("pem", "".join(f"%{byte:02X}" for byte in PEM.encode())),
        ("pem", PEM.replace("\n", "%0A").replace(" ", "%20").replace("+", "%2B")),
        ("xfcc", f'By=spiffe://a;Hash={FINGERPRINT};Subject="CN=a,O=\\"b\\";Hash={"0" * 64}"'),
        ("sha256", FINGERPRINT.upper()),
        ("sha256", ":".join(FINGERPRINT[index : index + 2] for index in range(0, 64, 2))),
    ],
)
def test_a_client_certificate_is_known_however_a_proxy_writes_it(form: str, header: str) -> None:
    settings: dict[str, JsonValue] = {"fingerprint": ["0" * 64, FINGERPRINT.upper()], "header": "X-Cert", "form": form}
    recipe = recipe_of({"mtls": settings, "proxies": ["192.0.2.0/28", "2001:db8::1"]})
    for proxy in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"):
        assert judge(recipe, {"x-cert": header}, BODY, proxy) is None
    for stranger in ("192.0.2.16", "2001:db8::2", ""):
        assert judge(recipe, {"x-cert": header}, BODY, stranger) == "no proxy that is believed has sent it"
    other = "the client certificate is wrong or missing"
    assert judge(recipe, {"x-cert": f"{header}, {header}"}, BODY, "192.0.2.7") == other
    assert judge(recipe, {}, BODY, "192.0.2.7") == other


@pytest.mark.parametrize(
    ("form", "header"),
    [
        (Form.RFC9440, ":"),
        (Form.RFC9440, ":not base 64:"),
        (Form.PEM, PEM + PEM),
        (Form.PEM, "-----BEGIN CERTIFICATE-----A-----END CERTIFICATE-----"),
        (Form.XFCC, f'Subject="Hash={FINGERPRINT}"'),
        (Form.XFCC, f'Subject=";Hash={FINGERPRINT};"'),
        (Form.XFCC, f"Hash={FINGERPRINT};Hash={FINGERPRINT}"),
        (Form.XFCC, f"Hash={FINGERPRINT},By=x"),
        (Form.SHA256, FINGERPRINT[:-1]),
        (Form.SHA256, f"{FINGERPRINT} "),
    ],
)
def test_what_names_no_certificate_or_several_names_none(form: Form, header: str) -> None:
    assert read_fingerprint(form, header) is None


@pytest.mark.parametrize(
    ("body", "is_known"),
    [
        (f'{{"value": [{{"clientState": "{KEY}"}}, {{"clientState": "{KEY}"}}]}}', True),
        (f'{{"value": [{{"clientState": "{KEY}"}}, {{"clientState": "x"}}]}}', False),
        (f'{{"value": [{{"clientState": "{KEY}"}}, {{}}]}}', False),
        (f'{{"value": [{{"clientState": "{KEY}"}}, 7]}}', False),
        ('{"value": []}', False),
        ("{}", False),
        (f'[{{"clientState": "{KEY}"}}]', False),
        (f'{{"value": {{"clientState": "{KEY}"}}}}', False),
        ("not json", False),
    ],
)
def test_every_notification_repeats_the_client_state(body: str, is_known: bool) -> None:  # noqa: FBT001 -- a case
    refusal = judge(recipe_of({"microsoft-graph": {"secret": "k"}}), {}, body.encode())
    assert (refusal is None) == is_known


def test_the_client_state_is_shown_to_nobody() -> None:
    item: JsonValue = {"clientState": KEY, "id": 1}
    assert hide_state({"value": [item, 7], "x": 2}) == {"value": [{"id": 1}, 7], "x": 2}
    assert hide_state(item) == {"id": 1}
    assert hide_state([item]) == [item]


def test_an_id_beside_a_token_tells_deliveries_apart() -> None:
    request = Request({"x-id": "7", "idempotency-key": "8"}, BODY)
    basic: dict[str, JsonValue] = {"user": "siem", "secret": "k"}
    assert find_delivery_id(recipe_of({"basic": {**basic, "id": "X-Id"}}), request) == "7"
    assert find_delivery_id(recipe_of({"basic": basic}), request) == "8"
    assert find_delivery_id(recipe_of({"microsoft-graph": {"secret": "k"}}), request) is None


def test_a_key_is_made_as_the_recipe_holds_it() -> None:
    entropy = bytes(range(32))
    standard, bearer = recipe_of({"standard-webhooks": {"secret": "k"}}), recipe_of({"bearer": {"secret": "k"}})
    assert make_key(standard, entropy) == f"whsec_{base64.b64encode(entropy).decode()}"
    made = make_key(bearer, entropy)
    assert made is not None
    assert judge(bearer, {"authorization": f"Bearer {made}"}, BODY, "", made) is None
    assert make_key(recipe_of({"standard-webhooks-v1a": {"secret": "k"}}), entropy) is None


@pytest.mark.parametrize(
    ("auth", "pointer"),
    [
        ({"mtls": {"fingerprint": FINGERPRINT, "header": "X-Cert"}}, "/auth"),
        ({"mtls": {"fingerprint": "x"}, "proxies": "192.0.2.1"}, "/auth/mtls/fingerprint/0"),
        ({"sns": {"topic": "arn:aws:sqs:eu-central-1:123456789012:x"}}, "/auth/sns/topic/0"),
        ({"sns": {"topic": "arn:aws:sns:evil.example/:123456789012:x"}}, "/auth/sns/topic/0"),
        ({"basic": {"user": "a:b", "secret": "k"}}, "/auth/basic/user"),
        ({"bearer": {"secret": "k"}, "from": "192.0.2.1/24"}, "/auth/from/0"),
        ({"bearer": {"secret": "k"}, "from": ["somewhere"]}, "/auth/from/0"),
        ({"from": ["192.0.2.1"]}, "/auth"),
        ({"hmac": {"header": "X", "secret": "k", "timestamp_field": "t="}}, "/auth/hmac"),
        ({"hmac": {"header": "X", "secret": "k", "algorithm": "md5"}}, "/auth/hmac/algorithm"),
    ],
)
def test_what_proves_nothing_is_no_source(auth: Any, pointer: str) -> None:  # noqa: ANN401 -- as in a file
    with pytest.raises(InputError) as caught:
        recipe_of(auth)
    assert pointer in [fault.pointer for fault in caught.value.faults]
