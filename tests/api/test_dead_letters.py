"""Dead letters and retries over the API."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from soar.engine.replay import dump_record, fold
from soar.model.dead_letter import DeadLetter, LetterKind, name_letter
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.run import JournalEntry, StepFault
from soar.model.values import JsonValue
from soar.store import Unit
from tests.support.builders import build_dead_letter
from tests.support.service import Face

NO = ActionAnswer(code=ActionCode.NOT_FOUND, message="nobody has this name")


async def fail(face: Face) -> Mapping[str, Any]:
    """Return a run that purged a message and could tell nobody."""
    face.host.script("chat.dm", NO, ActionAnswer(output={"ok": True}))
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (approval,) = (await ann.get("/approvals")).json["items"]
    await ann.post(
        f"/approvals/{approval['id']}/votes", {"vote": "approve", "confirm": "m1", "digest": approval["digest"]}
    )
    await face.settle()
    run = (await ann.get(f"/runs/{approval['run']}")).json
    assert run["status"] == "failed", run
    return run


async def keep(face: Face, letter: DeadLetter) -> None:
    await face.write(lambda unit: unit.dead_letters.put(letter))


async def test_a_run_is_tried_again_and_both_say_so(face: Face) -> None:
    old = await fail(face)
    bob = await face.log_in("bob")
    answer = await bob.post(f"/runs/{old['id']}/retry", {})
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/runs/{answer.json['id']}"
    assert (answer.json["retry_of"], answer.json["alert"]) == (old["id"], old["alert"])
    await face.settle()
    again = (await bob.get(f"/runs/{answer.json['id']}")).json
    assert again["status"] == "succeeded"
    assert [step["status"] for step in again["steps"]] == ["succeeded"] * 3
    assert [step["reason"] for step in again["steps"]] == [f"carried over from {old['id']}"] * 2 + [None]
    assert (again["initiator"]["name"], again["responses"], again["approvals"]) == ("bob", [], [])
    after = (await bob.get(f"/runs/{old['id']}")).json
    assert (after["retried_by"], after["retry_of"], after["status"]) == ([again["id"]], None, "failed")
    (event,) = await face.events("run.retried")
    assert (event["actor"]["id"], event["target"]["id"], event["context"]["retry_of"]) == (
        "u_bob",
        again["id"],
        old["id"],
    )


async def test_a_gate_is_asked_again_where_the_retry_begins_before_it(face: Face) -> None:
    old = await fail(face)
    ann = await face.person("ann")
    answer = await ann.post(f"/runs/{old['id']}/retry", {"from": "purge"})
    await face.settle()
    again = (await ann.get(f"/runs/{answer.json['id']}")).json
    assert (again["status"], [asked["status"] for asked in again["approvals"]]) == ("waiting", ["pending"])


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("vera", {}, 403),
        ("ann", {"from": "nowhere"}, 422),
        ("ann", {"step": "purge"}, 422),
        ("ann", {"from": 1}, 422),
    ],
)
async def test_what_is_refused_starts_nothing(face: Face, name: str, body: object, status: int) -> None:
    old = await fail(face)
    answer = await (await face.person(name)).post(f"/runs/{old['id']}/retry", body)
    assert answer.status == status
    assert await face.read(lambda unit: unit.runs.list_retries(old["id"])) == ()


async def test_an_unknown_outcome_needs_a_finding(face: Face) -> None:
    old = await fail(face)
    lost = StepFault(code=ActionCode.UNKNOWN_OUTCOME.value, message="cut off", step="tell")

    def lose(unit: Unit) -> None:
        entries = unit.journal.load(old["id"])
        told = replace(fold(entries).records["steps/2"], fault=lost)
        changes: JsonValue = {"run": {}, "records": {told.path: dump_record(told)}}
        entry = JournalEntry(sequence=len(entries) + 1, at=face.clock.now(), event=None, changes=changes)
        unit.journal.append(old["id"], [entry])

    await face.write(lose)
    ann = await face.person("ann")
    refused = await ann.post(f"/runs/{old['id']}/retry", {})
    assert (refused.status, refused.code) == (409, "retry.unknown")
    assert "tell (chat.dm)" in refused.json["detail"]
    taken = await ann.post(f"/runs/{old['id']}/retry", {"accept_unknown": "Nobody was told."})
    assert taken.status == 202
    await face.settle()
    (event,) = await face.events("run.retried")
    assert event["reason"] == "Nobody was told."


async def test_letters_are_seen_by_those_who_may(face: Face) -> None:
    await keep(face, build_dead_letter())
    (shown,) = (await (await face.person("ann")).get("/dead-letters")).json["items"]
    assert (shown["id"], shown["kind"], shown["reason"], shown["tries"]) == (
        "dead_000000000001",
        "run",
        "internal: KeyError",
        1,
    )
    assert (await (await face.person("vera")).get("/dead-letters")).status == 403
    for method, path in (("POST", "/replay"), ("DELETE", "")):
        answer = await (await face.person("ann")).send(
            method, f"/api/v1/dead-letters/{shown['id']}{path}", {} if method == "POST" else None
        )
        assert answer.status == 403


async def test_a_timer_is_put_back(face: Face) -> None:
    payload = {"id": "tm_1", "run": "", "event": {"kind": "poison"}}
    await keep(face, build_dead_letter(kind=LetterKind.TIMER, subject="tm_1", payload=payload))
    carol = await face.log_in("carol")
    answer = await carol.post("/dead-letters/dead_000000000001/replay")
    assert (answer.status, answer.json) == (200, {"letter": "dead_000000000001", "run": None})
    timer = await face.read(lambda unit: unit.timers.get("tm_1"))
    assert timer is not None
    assert (timer.tries, timer.event) == (0, {"kind": "poison"})
    again = await carol.post("/dead-letters/dead_000000000001/replay")
    assert (again.status, again.code) == (404, "not_found")
    (event,) = await face.events("dead_letter.replayed")
    assert (event["actor"]["id"], event["context"]["subject"]) == ("u_carol", "tm_1")


async def test_a_run_that_was_given_up_on_is_tried_again(face: Face) -> None:
    old = await fail(face)
    letter = name_letter(LetterKind.RUN, old["id"])
    await keep(face, build_dead_letter(id=letter, subject=old["id"]))
    carol = await face.person("carol")
    answer = await carol.post(f"/dead-letters/{letter}/replay")
    await face.settle()
    again = (await carol.get(f"/runs/{answer.json['run']}")).json
    assert (again["retry_of"], again["status"]) == (old["id"], "succeeded")
    assert (await carol.get("/dead-letters")).json["items"] == []


async def test_who_may_put_back_but_not_try_runs_again_cannot_do_so_by_a_letter(face: Face) -> None:
    old = await fail(face)
    await keep(face, build_dead_letter(subject=old["id"]))
    narrow = await face.person("carol", scopes=frozenset({"letter:write", "letter:read"}))
    answer = await narrow.post("/dead-letters/dead_000000000001/replay")
    assert answer.status == 403
    (denial,) = await face.events("access.denied")
    assert (denial["actor"]["id"], denial["outcome"], denial["context"]) == ("u_carol", "denied", {"code": answer.code})
    assert denial["target"]["named"] == {"id": "dead_000000000001"}
    assert len((await narrow.get("/dead-letters")).json["items"]) == 1


async def test_a_letter_is_discarded_and_that_is_recorded(face: Face) -> None:
    await keep(face, build_dead_letter(kind=LetterKind.STUCK))
    carol = await face.log_in("carol")
    assert (await carol.send("DELETE", "/api/v1/dead-letters/dead_000000000001")).status == 204
    assert (await carol.send("DELETE", "/api/v1/dead-letters/dead_000000000001")).status == 404
    (event,) = await face.events("dead_letter.discarded")
    assert (event["actor"]["id"], event["target"]["id"]) == ("u_carol", "dead_000000000001")
