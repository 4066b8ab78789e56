import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.authentication import Bearer, Hmac, Recipe, Request, find_delivery_id, find_refusal
from soar.ingest.source import parse_source
from soar.model.secret import Secret
from tests.support.clock import START
from tests.support.repository import ROOT

KEY = "a-key-of-more-than-sixteen-bytes"
BODY = b'{"n": 1}'
NOW = int(START.timestamp())
SIGNED = Hmac(header="x-sig", secrets=("k",), template="{timestamp}.{body}", prefix="sha256=", timestamp="x-ts")
WRONG = "the signature is wrong or missing"


def recipe_of(preset: str) -> Recipe:
    return parse_source({"auth": {preset: {"secret": "k"}}, "alert": {}}, "probe").recipe


def load_vector(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "tests" / "fixtures" / "signatures" / f"{name}.json").read_text("utf-8"))


def moment(unix: str) -> datetime:
    return datetime.fromtimestamp(int(unix), UTC)


def sign(body: bytes = BODY, *, at: int = NOW, key: str = KEY) -> Request:
    digest = hmac.digest(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    return Request({"x-sig": f"sha256={digest}", "x-ts": str(at)}, body)


def judge(request: Request, recipe: Recipe = SIGNED, *keys: str, now: datetime = START) -> str | None:
    return find_refusal(recipe, request, [Secret(key) for key in keys or (KEY,)], now)


def test_the_standard_webhooks_vector_is_accepted() -> None:
    # The specification prints one more signature of each kind, without the keys that they were made with.
    vector = load_vector("standard_webhooks_v1")
    headers = {
        "webhook-id": vector["webhook_id"],
        "webhook-timestamp": vector["webhook_timestamp"],
        "webhook-signature": vector["webhook_signature"],
    }
    body, recipe = vector["body"].encode(), recipe_of("standard-webhooks")
    now = moment(vector["webhook_timestamp"])
    assert judge(Request(headers, body), recipe, vector["secret"], now=now) is None
    assert judge(Request(headers, body), recipe, vector["secret"].removeprefix("whsec_"), now=now) is None
    several = {
        **headers,
        "webhook-signature": f"v1,{base64.b64encode(bytes(32)).decode()} v1a,x {headers['webhook-signature']}",
    }
    assert judge(Request(several, body), recipe, vector["secret"], now=now) is None
    other = {**headers, "webhook-signature": vector["negative_and_edge_signature_headers_from_the_reference_tests"][0]}
    assert judge(Request(other, body), recipe, vector["secret"], now=now) == WRONG
    assert judge(Request({**headers, "webhook-id": "msg_other"}, body), recipe, vector["secret"], now=now) == WRONG


def test_the_slack_vector_is_accepted_and_its_negatives_are_not() -> None:
    vector = load_vector("slack_go_vector")
    headers = {"x-slack-signature": vector["signature"], "x-slack-request-timestamp": vector["timestamp"]}
    recipe, now = recipe_of("slack"), moment(vector["timestamp"])
    assert judge(Request(headers, vector["body"].encode()), recipe, vector["signing_secret"], now=now) is None
    assert judge(Request(headers, vector["invalid_body"].encode()), recipe, vector["signing_secret"], now=now) == WRONG
    assert judge(Request(headers, vector["body"].encode()), recipe, vector["invalid_secret"], now=now) == WRONG


def test_a_recipe_in_our_words_accepts_the_pagerduty_vector() -> None:
    vector = load_vector("pagerduty_v3")
    recipe = Hmac(header="x-pagerduty-signature", secrets=("k",), prefix="v1=")
    body = vector["body"].encode()
    assert judge(Request({"x-pagerduty-signature": vector["valid"]}, body), recipe, vector["secret"]) is None
    assert judge(Request({"x-pagerduty-signature": vector["invalid"]}, body), recipe, vector["secret"]) == WRONG


def test_github_signs_the_body_alone() -> None:
    # Key, body and signature as in GitHub's page "Validating webhook deliveries".
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    request = Request({"x-hub-signature-256": signature}, b"Hello, World!")
    assert judge(request, recipe_of("github"), "It's a Secret to Everybody") is None
    assert judge(replace(request, body=b"Hello, World?"), recipe_of("github"), "It's a Secret to Everybody") == WRONG


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_the_window_is_open_on_both_sides(off: int) -> None:
    assert judge(sign(at=NOW + off)) is None


@pytest.mark.parametrize("off", [-301, 301, 10**8])
def test_outside_the_window_a_good_signature_is_no_use(off: int) -> None:
    assert judge(sign(at=NOW + off)) == f"the timestamp is {-off} s old"


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "٣", "9" * 5000, f" {NOW}"])
def test_a_signed_moment_that_is_no_unix_time_is_refused(timestamp: str) -> None:
    digest = hmac.digest(KEY.encode(), timestamp.encode() + b"." + BODY, hashlib.sha256).hex()
    request = Request({"x-sig": f"sha256={digest}", "x-ts": timestamp}, BODY)
    assert judge(request) == "the timestamp is missing, or no Unix time in seconds"


def test_both_keys_are_good_while_keys_are_changed() -> None:
    new = "another-key-of-more-than-sixteen-bytes"
    assert judge(sign(), SIGNED, new, KEY) is None
    assert judge(sign(key=new), SIGNED, KEY, new) is None
    assert judge(sign(key=new), SIGNED, KEY) == WRONG


@given(st.data())
def test_a_request_changed_by_one_byte_is_refused(data: st.DataObject) -> None:
    request = sign()
    index = data.draw(st.integers(0, len(BODY) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != BODY[index]))
    changed = BODY[:index] + bytes([other]) + BODY[index + 1 :]
    assert judge(replace(request, body=changed)) == WRONG


@given(st.text(max_size=80))
def test_any_other_signature_is_refused_whatever_bytes_it_is_made_of(text: str) -> None:
    genuine = sign()
    for header in (text, f"sha256={text}"):
        if header != genuine.headers["x-sig"]:
            assert judge(Request({**genuine.headers, "x-sig": header}, BODY)) == WRONG
    assert judge(Request({**genuine.headers, "x-ts": text}, BODY)) == WRONG
    assert judge(Request({"authorization": f"Bearer {text}"}, BODY), Bearer(secrets=("k",))) is not None


def test_a_signature_has_one_way_to_be_written() -> None:
    genuine = sign()
    digest = genuine.headers["x-sig"].removeprefix("sha256=")
    for header in (
        digest,
        f"SHA256={digest}",
        f"sha256={digest[:2]} {digest[2:]}",
        f"sha256={digest} ",
        f"sha256={digest}00",
    ):
        assert judge(Request({**genuine.headers, "x-sig": header}, BODY)) == WRONG


def test_what_stands_in_a_header_is_no_template() -> None:
    recipe = replace(SIGNED, template="{id}.{timestamp}.{body}", id="x-id")
    signed = f"{{timestamp}}.{NOW}.".encode() + BODY
    digest = hmac.digest(KEY.encode(), signed, hashlib.sha256).hex()
    request = Request({"x-sig": f"sha256={digest}", "x-ts": str(NOW), "x-id": "{timestamp}"}, BODY)
    assert judge(request, recipe) is None


@pytest.mark.parametrize("key", ["", "short", "fifteen-bytes.."])
def test_with_a_short_key_nobody_gets_in_not_even_who_knows_it(key: str) -> None:
    assert judge(sign(key=key), SIGNED, key) == "the source has no key of 16 bytes or more"
    assert judge(Request({"authorization": f"Bearer {key}"}, BODY), Bearer(secrets=("k",)), key) is not None


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base 64!", "whsec_c2hvcnQ="])
def test_a_standard_key_that_cannot_be_opened_is_no_empty_key(secret: str) -> None:
    recipe = recipe_of("standard-webhooks")
    signed = f"m1.{NOW}.".encode() + BODY
    for key in (b"", b"short", bytes(16)):
        digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        headers = {"webhook-id": "m1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1,{digest}"}
        assert judge(Request(headers, BODY), recipe, secret) == "the source has no key of 16 bytes or more"


def test_without_any_key_the_decoy_lets_nobody_in() -> None:
    request = sign(key="\0" * 16)
    assert find_refusal(SIGNED, request, [], START) == "the source has no key of 16 bytes or more"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_opens(scheme: str) -> None:
    assert judge(Request({"authorization": f"{scheme} {KEY}"}, BODY), Bearer(secrets=("k",))) is None


@pytest.mark.parametrize("header", ["", KEY, f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer  {KEY}", "Bearer \udcff"])
def test_anything_but_the_token_does_not(header: str) -> None:
    assert judge(Request({"authorization": header}, BODY), Bearer(secrets=("k",))) == "the token is wrong or missing"


def test_an_id_counts_only_if_the_signature_covers_it() -> None:
    headers = {"x-id": "7", "idempotency-key": "8"}
    covered = replace(SIGNED, template="{id}.{timestamp}.{body}", id="x-id")
    assert find_delivery_id(covered, Request(headers, BODY)) == "7"
    assert find_delivery_id(replace(SIGNED, id="x-id"), Request(headers, BODY)) is None
    assert find_delivery_id(SIGNED, Request(headers, BODY)) is None
    assert find_delivery_id(Bearer(secrets=("k",)), Request(headers, BODY)) == "8"
    assert find_delivery_id(Bearer(secrets=("k",), id="x-id"), Request(headers, BODY)) == "7"


def test_the_reason_says_how_old_it_is() -> None:
    assert judge(sign(), now=START + timedelta(hours=1)) == "the timestamp is 3600 s old"
