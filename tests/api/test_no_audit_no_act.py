"""While the audit cannot be written, nothing changes and nothing is called: the database itself refuses the event."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from soar.api.authentication import Authenticator
from soar.api.routes import build_routes
from soar.store import Unit
from tests.support.service import PASSWORD, Answer, Face, sign

Attempt: TypeAlias = Callable[[Face], Awaitable[Callable[[], Awaitable[Answer]]]]
"""Prepares a change, and returns what asks for it."""

_BLOCK = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit cannot be written'); END"
_TOUCHED = frozenset({"used_at", "used_ip", "idle_at"})  # that somebody asked is noted whatever comes of it

_HARMLESS = "name: Nothing\non: {manual: {}}\nsteps:\n  - set: {answer: 42}\n"


async def log_in(face: Face) -> Callable[[], Awaitable[Answer]]:
    return lambda: face.stranger.post("/session", {"name": "ann", "password": PASSWORD})


async def log_out(face: Face) -> Callable[[], Awaitable[Answer]]:
    ann = await face.log_in("ann")
    return lambda: ann.send("DELETE", "/api/v1/session")


async def make_token(face: Face) -> Callable[[], Awaitable[Answer]]:
    ann = await face.log_in("ann")
    return lambda: ann.post("/tokens", {"name": "dashboard", "scopes": ["run:read"], "days": 1})


async def revoke_token(face: Face) -> Callable[[], Awaitable[Answer]]:
    ann = await face.log_in("ann")
    made = (await ann.post("/tokens", {"name": "dashboard", "scopes": ["run:read"], "days": 1})).json
    return lambda: ann.send("DELETE", f"/api/v1/tokens/{made['id']}")


async def receive_alert(face: Face) -> Callable[[], Awaitable[Answer]]:
    body = json.dumps({"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": ["m1"]}).encode()
    return lambda: face.stranger.send("POST", "/hooks/probe", body, {"X-Signature": sign(body)})


async def send_alert(face: Face) -> Callable[[], Awaitable[Answer]]:
    ann = await face.person("ann")
    alert = {"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": ["m1"]}
    return lambda: ann.post("/alerts", {"source": "probe", "alert": alert})


async def vote(face: Face) -> Callable[[], Awaitable[Answer]]:
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (approval,) = (await ann.get("/approvals")).json["items"]
    sent = {"vote": "approve", "digest": approval["digest"], "comment": "seen", "confirm": "m1"}
    return lambda: ann.post(f"/approvals/{approval['id']}/votes", sent)


async def cancel_run(face: Face) -> Callable[[], Awaitable[Answer]]:
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (run,) = (await ann.get("/runs")).json["items"]
    return lambda: ann.post(f"/runs/{run['id']}/cancel", {"reason": "a false alarm"})


async def undo_run(face: Face) -> Callable[[], Awaitable[Answer]]:
    await (await vote(face))()
    await face.settle()
    ann = await face.person("ann")
    (run,) = (await ann.get("/runs")).json["items"]
    return lambda: ann.post(f"/runs/{run['id']}/undo")


async def lift_response(face: Face) -> Callable[[], Awaitable[Answer]]:
    await (await vote(face))()
    await face.settle()
    ann = await face.person("ann")
    (held,) = (await ann.get("/responses")).json["items"]
    return lambda: ann.post(f"/responses/{held['id']}/lift", {"reason": "a false alarm"})


async def hold(face: Face) -> str:
    """Let the face hold a change that ends and can be looked at, and return its id."""
    await (await vote(face))()
    await face.settle()
    (held,) = (await face.read(lambda unit: unit.responses.list(10))).items
    looked = {
        "check_action": "virustotal.url_report",
        "check_connection": "virustotal",
        "check_arguments": {"url": "x"},
    }
    ending = replace(held, expires_at=face.clock.now() + timedelta(hours=1), **looked)
    await face.write(lambda unit: unit.responses.update(ending))
    return held.id


async def extend_response(face: Face) -> Callable[[], Awaitable[Answer]]:
    held, ann = await hold(face), await face.person("ann")
    return lambda: ann.post(f"/responses/{held}/extend", {"by": "2h"})


async def keep_response(face: Face) -> Callable[[], Awaitable[Answer]]:
    held, carol = await hold(face), await face.person("carol")
    return lambda: carol.post(f"/responses/{held}/keep", {"reason": "known bad"})


async def check_response(face: Face) -> Callable[[], Awaitable[Answer]]:
    held, ann = await hold(face), await face.person("ann")
    return lambda: ann.post(f"/responses/{held}/check")


async def start_run(face: Face) -> Callable[[], Awaitable[Answer]]:
    ann = await face.person("ann")
    return lambda: ann.post("/playbooks/purge/runs", {"inputs": {"messages": ["m1"]}})


async def push_draft(face: Face) -> Callable[[], Awaitable[Answer]]:
    root = await face.person("root")
    return lambda: root.post("/playbooks/tell/revisions", {"text": _HARMLESS})


async def publish(face: Face) -> Callable[[], Awaitable[Answer]]:
    root = await face.person("root")
    revision = (await root.post("/playbooks/tell/revisions", {"text": _HARMLESS})).json["revision"]
    return lambda: root.post("/playbooks/tell/publish", {"revision": revision})


async def add_entry(face: Face) -> Callable[[], Awaitable[Answer]]:
    carol = await face.person("carol")
    return lambda: carol.post("/lists/vips/entries", {"value": "ada@corp.example"})


async def remove_entry(face: Face) -> Callable[[], Awaitable[Answer]]:
    carol = await face.person("carol")
    await (await add_entry(face))()
    return lambda: carol.send("DELETE", "/api/v1/lists/vips/entries/ada@corp.example")


async def set_credential(face: Face) -> Callable[[], Awaitable[Answer]]:
    root = await face.person("root")
    return lambda: root.send("PUT", "/api/v1/credentials/edr_token", {"value": "s3cret-of-the-edr", "hosts": []})


async def ask_for_an_erasure(face: Face) -> Callable[[], Awaitable[Answer]]:
    await face.log_in("ann")
    root = await face.person("root")
    return lambda: root.post("/audit/erasures", {"kind": "user", "id": "u_ann", "reason": "was asked for"})


async def ask_for_a_fingerprint(face: Face) -> Callable[[], Awaitable[Answer]]:
    olga = await face.person("olga")
    return lambda: olga.post("/audit/fingerprint", {"value": "a value that leaked"})


async def freeze(face: Face) -> Callable[[], Awaitable[Answer]]:
    carol = await face.person("carol")
    return lambda: carol.post("/freeze", {"reason": "the playbooks run wild"})


async def lift_freeze(face: Face) -> Callable[[], Awaitable[Answer]]:
    await (await freeze(face))()
    carol = await face.person("carol")
    return lambda: carol.post("/freeze/everything/lift", {"reason": "looked"})


ATTEMPTS: Mapping[tuple[str, str], Attempt] = {
    ("POST", "/api/v1/session"): log_in,
    ("DELETE", "/api/v1/session"): log_out,
    ("POST", "/api/v1/tokens"): make_token,
    ("DELETE", "/api/v1/tokens/{id}"): revoke_token,
    ("POST", "/hooks/{source}"): receive_alert,
    ("POST", "/api/v1/alerts"): send_alert,
    ("POST", "/api/v1/approvals/{id}/votes"): vote,
    ("POST", "/api/v1/runs/{id}/cancel"): cancel_run,
    ("POST", "/api/v1/runs/{id}/undo"): undo_run,
    ("POST", "/api/v1/responses/{id}/lift"): lift_response,
    ("POST", "/api/v1/responses/{id}/extend"): extend_response,
    ("POST", "/api/v1/responses/{id}/keep"): keep_response,
    ("POST", "/api/v1/responses/{id}/check"): check_response,
    ("POST", "/api/v1/playbooks/{id}/runs"): start_run,
    ("POST", "/api/v1/playbooks/{id}/revisions"): push_draft,
    ("POST", "/api/v1/playbooks/{id}/publish"): publish,
    ("POST", "/api/v1/lists/{name}/entries"): add_entry,
    ("DELETE", "/api/v1/lists/{name}/entries/{value}"): remove_entry,
    ("PUT", "/api/v1/credentials/{name}"): set_credential,
    ("POST", "/api/v1/freeze"): freeze,
    ("POST", "/api/v1/freeze/{id}/lift"): lift_freeze,
    ("POST", "/api/v1/audit/erasures"): ask_for_an_erasure,
    ("POST", "/api/v1/audit/fingerprint"): ask_for_a_fingerprint,
}


def dump(unit: Unit) -> dict[str, list[dict[str, Any]]]:
    """Return everything in the database."""
    run = unit._connection.exec_driver_sql
    tables = [name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        table: [
            {name: value for name, value in row.items() if name not in _TOUCHED}
            for row in run(f"SELECT * FROM {table}").mappings()  # noqa: S608 -- a name of the schema
        ]
        for table in tables
    }


def list_changes(face: Face) -> list[tuple[str, str]]:
    """Return the routes that may change something."""
    table = build_routes(face.services, Authenticator(face.services))
    return [(route.method, route.path) for route in table if route.method not in {"GET", "HEAD"}]


@pytest.mark.parametrize(("method", "path"), ATTEMPTS, ids=lambda part: part)
async def test_a_change_that_cannot_be_recorded_does_not_happen(face: Face, method: str, path: str) -> None:
    ask = await ATTEMPTS[method, path](face)
    before, called = await face.read(dump), len(face.host.calls)
    await face.write(lambda unit: unit._connection.exec_driver_sql(_BLOCK))
    refused = await ask()
    await face.settle()
    assert refused.status >= 500, refused.body
    assert await face.read(dump) == before
    assert len(face.host.calls) == called
    await face.write(lambda unit: unit._connection.exec_driver_sql("DROP TRIGGER no_audit"))
    assert (await ask()).status < 300  # so it was the audit that was missing
    face.faults.clear()


async def test_no_route_at_all_changes_anything_while_the_audit_cannot_be_written(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    people = [await face.person(name) for name in ("ann", "carol", "root", "olga")]
    before = await face.read(dump)
    await face.write(lambda unit: unit._connection.exec_driver_sql(_BLOCK))
    for method, path in list_changes(face):
        for person in people:
            await person.send(method, re.sub(r"\{\w+\}", "x", path), {})
            assert await face.read(dump) == before, (method, path)
    face.faults.clear()


async def test_a_run_calls_nothing_while_the_intent_cannot_be_recorded(face: Face) -> None:
    await face.write(
        lambda unit: unit._connection.exec_driver_sql(
            _BLOCK.replace("BEGIN", "WHEN NEW.type = 'action.started' BEGIN", 1)
        )
    )
    await face.report_mail(messages=["m1"])
    assert face.host.calls == []
    await face.write(lambda unit: unit._connection.exec_driver_sql("DROP TRIGGER no_audit"))
    face.faults.clear()
