"""Sources over the API: what they ask before they send, how they send, and how their keys change."""

import gzip
import hashlib
import hmac
import json
from datetime import timedelta
from typing import cast

import pytest

from soar.ingest.source import Source, parse_source
from soar.model.values import JsonValue
from tests.support.service import HOOK_KEY, Answer, Face

BODY = json.dumps({"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": ["m1"]}).encode()


def add_source(face: Face, name: str, auth: JsonValue, **settings: JsonValue) -> None:
    sources = cast("dict[str, Source]", face.services.receiver.sources)
    sources[name] = parse_source({"auth": auth, "alert": {}, **settings}, name)


def sign(body: bytes, key: str = HOOK_KEY) -> dict[str, str]:
    return {"X-Signature": f"sha256={hmac.digest(key.encode(), body, hashlib.sha256).hex()}"}


async def send(face: Face, body: bytes = BODY, *, key: str = HOOK_KEY, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await face.stranger.send("POST", "/hooks/probe", body, {**sign(body, key), **named})


async def test_a_key_changes_and_the_one_before_ends_after_its_window(face: Face) -> None:
    root = await face.person("root")
    made = (await root.post("/sources/probe/rotate", {"former_hours": 2})).json
    assert (made["source"], made["credential"], made["version"]) == ("probe", "probe_hook", 2)
    assert (await send(face)).status == 202
    assert (await send(face, BODY + b" ", key=made["key"])).status == 202
    face.clock.advance(timedelta(hours=2))
    assert (await send(face, BODY + b"  ")).status == 401
    assert (await send(face, BODY + b"   ", key=made["key"])).status == 202
    event = (await face.events("credential.set"))[-1]
    assert event["target"] == {"kind": "credential", "id": "probe_hook"}
    assert event["actor"]["id"] == "u_root"
    assert event["after"]["former_until"] == made["former_until"]
    assert made["key"] not in json.dumps(event)


async def test_a_key_that_is_known_to_others_ends_at_once(face: Face) -> None:
    root = await face.person("root")
    given = "the key that the product has made"
    made = (await root.post("/sources/probe/rotate", {"former_hours": 0, "value": given})).json
    assert made["key"] is None
    assert (await send(face)).status == 401
    assert (await send(face, key=given)).status == 202


async def test_setting_a_credential_leaves_no_second_key(face: Face) -> None:
    root = await face.person("root")
    await root.post("/sources/probe/rotate", {})
    await root.send("PUT", "/api/v1/credentials/probe_hook", {"value": "a key of more than sixteen bytes"})
    assert (await send(face)).status == 401
    assert (await send(face, key="a key of more than sixteen bytes")).status == 202


async def test_only_who_may_set_credentials_changes_keys(face: Face) -> None:
    ann, root = await face.person("ann"), await face.person("root")
    assert (await ann.post("/sources/probe/rotate", {})).code == "missing_permission"
    assert (await root.post("/sources/nobody/rotate", {})).code == "not_found"
    assert (await root.post("/sources/probe/rotate", {"credential": "other"})).code == "source.key"
    assert (await root.post("/sources/probe/rotate", {"value": "fifteen bytes.."})).code == "source.key"
    assert (await send(face)).status == 202


async def test_what_has_no_key_of_ours_gets_none(face: Face) -> None:
    root = await face.person("root")
    add_source(face, "topic", {"sns": {"topic": "arn:aws:sns:eu-central-1:123456789012:alerts"}})
    add_source(face, "public", {"standard-webhooks-v1a": {"secret": "probe_hook"}})
    assert (await root.post("/sources/topic/rotate", {})).code == "source.no_key"
    assert (await root.post("/sources/public/rotate", {})).code == "source.key_needed"


async def test_a_packed_body_is_signed_as_it_is_sent(face: Face) -> None:
    auth: JsonValue = {"hmac": {"header": "X-Signature", "prefix": "sha256=", "secret": "probe_hook"}}
    add_source(face, "packed", auth, gzip=True)
    body = gzip.compress(BODY)
    packed = {**sign(body), "Content-Encoding": "gzip"}
    assert (await face.stranger.send("POST", "/hooks/packed", body, packed)).status == 202
    refused = await face.stranger.send("POST", "/hooks/probe", body, packed)
    assert (refused.status, refused.code) == (415, "unsupported_media_type")
    unsigned = await face.stranger.send("POST", "/hooks/packed", body, {**packed, **sign(BODY)})
    assert unsigned.status == 401
    bomb = gzip.compress(bytes(2 * 1024 * 1024))
    answer = await face.stranger.send("POST", "/hooks/packed", bomb, {**sign(bomb), "Content-Encoding": "gzip"})
    assert (answer.status, answer.code) == (413, "too_large")


async def test_lines_are_alerts_and_a_repeat_is_answered_alike(face: Face) -> None:
    add_source(face, "firewall", {"token": {"header": "X-Token", "secret": "probe_hook"}}, format="cef")
    lines = b"CEF:0|Acme|Wall|1|100|worm|10|src=10.0.0.1\nCEF:0|Acme|Wall|1|101|scan|3|src=10.0.0.2\n"
    headers = {"X-Token": HOOK_KEY, "Content-Type": "text/plain"}
    first = await face.stranger.send("POST", "/hooks/firewall", lines, headers)
    again = await face.stranger.send("POST", "/hooks/firewall", lines, headers)
    assert (first.status, again.body) == (202, first.body)
    assert len(first.json["alerts"]) == 2
    stored = await face.read(lambda unit: unit.alerts.list(100).items)
    assert [alert.raw["extension"]["src"] for alert in reversed(stored)] == ["10.0.0.1", "10.0.0.2"]
    bad = await face.stranger.send("POST", "/hooks/firewall", b"CEF:0|a", headers)
    assert (bad.status, bad.code) == (422, "invalid_body")


@pytest.mark.parametrize("path", ["/hooks/probe", "/hooks/nobody"])
async def test_a_header_that_stands_twice_proves_nothing(face: Face, path: str) -> None:
    proof = [("Content-Type", "application/json"), *(2 * [*sign(BODY).items()])]
    async with face.http.post(f"{face.running.url}{path}", data=BODY, headers=proof) as answer:
        assert answer.status == 401


async def test_products_are_answered_what_they_ask_before_they_send(face: Face) -> None:
    add_source(face, "graph", {"microsoft-graph": {"secret": "probe_hook"}}, items="value")
    add_source(face, "okta", {"okta": {"secret": "probe_hook"}})
    path = "/hooks/graph?validationToken=Validation%3A%20a%3Cb%3E"
    answer = await face.stranger.send("POST", path, b"", {"Content-Type": "text/plain; charset=utf-8"})
    assert (answer.status, answer.body) == (200, b"Validation: a<b>")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    unknown = await face.stranger.send("POST", "/hooks/nobody?validationToken=a", b"")
    assert unknown.status == 401
    asked = {"X-Okta-Verification-Challenge": "c1", "Authorization": HOOK_KEY}
    answer = await face.stranger.send("GET", "/hooks/okta", None, asked)
    assert (answer.status, answer.json) == (200, {"verification": "c1"})
    refused = [await face.stranger.send("GET", f"/hooks/{name}", None, asked) for name in ("nobody", "probe")]
    assert [one.status for one in refused] == [401, 401]
    assert refused[0].body == refused[1].body


async def test_what_graph_sends_is_taken_without_what_proves_it(face: Face) -> None:
    add_source(face, "graph", {"microsoft-graph": {"secret": "probe_hook"}}, items="value")
    body = json.dumps({"value": [{"clientState": HOOK_KEY, "resource": "alerts/1"}]}).encode()
    answer = await face.stranger.send("POST", "/hooks/graph", body)
    assert answer.status == 202
    (alert,) = await face.read(lambda unit: unit.alerts.list(100).items)
    assert alert.raw == {"resource": "alerts/1"}


async def test_an_event_in_binary_form_is_sent_again_with_its_attributes(face: Face) -> None:
    auth: JsonValue = {"hmac": {"header": "ce-signature", "prefix": "sha256=", "secret": "probe_hook"}}
    add_source(face, "events", auth, format="cloudevents")
    source = "/edr/" + "a" * 600
    attributes = {"ce-specversion": "1.0", "ce-id": "e1", "ce-source": source, "ce-type": "edr.alert"}
    proof = {"ce-signature": sign(BODY)["X-Signature"]}
    headers = {"Content-Type": "application/json", **attributes, **proof}
    sent = await face.stranger.send("POST", "/hooks/events", BODY, headers)
    assert sent.status == 202
    (first,) = sent.json["alerts"]
    root = await face.person("root")
    again = await root.post(f"/alerts/{first['alert']}/replay", {})
    assert again.status < 300, again.json
    alerts = (await face.read(lambda unit: unit.alerts.list(10))).items
    assert [alert.raw["source"] for alert in alerts if alert.source == "events"] == [source, source]
    delivery = await face.read(lambda unit: unit.deliveries.get(alerts[0].delivery))
    assert delivery is not None
    assert {name for name in delivery.headers if name.startswith("ce-")} == {*attributes}
