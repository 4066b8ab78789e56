"""Votes over the API: whose count, and why the others do not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.support.service import Answer, Face, Person

YES = {"vote": "approve", "comment": None, "confirm": "2"}


async def ask(face: Face) -> Mapping[str, Any]:
    """Bring a run to its question and return it."""
    await face.report_mail(messages=["m1", "m2"])
    vera = await face.person("vera")
    (approval,) = (await vera.get("/approvals?status=pending")).json["items"]
    return approval


async def vote(person: Person, approval: Mapping[str, Any], **changes: object) -> Answer:
    return await person.post(f"/approvals/{approval['id']}/votes", {**YES, "digest": approval["digest"], **changes})


async def test_a_yes_lets_the_run_go_on(face: Face) -> None:
    approval = await ask(face)
    ann = await face.person("ann")
    answer = await vote(ann, approval, comment="seen it")
    assert (answer.status, answer.json["status"], answer.json["yes"]) == (200, "approved", 1)
    assert answer.json["may_vote"] is False
    (cast,) = answer.json["votes"]
    assert (cast["name"], cast["choice"], cast["assurance"], cast["via"]) == ("ann", "approve", "confirmed", "api")
    await face.settle()
    run = (await ann.get(f"/runs/{approval['run']}")).json
    assert (run["status"], run["outputs"]) == ("succeeded", {"purged": True})
    assert [call.action for call in face.host.calls][2] == "exchange.purge_messages"


async def test_a_vote_from_the_browser_is_told_apart(face: Face) -> None:
    approval = await ask(face)
    answer = await vote(await face.log_in("bob"), approval)
    assert answer.json["votes"][0]["via"] == "web"


async def test_a_no_ends_the_run_and_needs_its_comment(face: Face) -> None:
    approval = await ask(face)
    ann = await face.person("ann")
    silent = await vote(ann, approval, vote="deny", confirm=None)
    assert (silent.status, silent.code) == (422, "comment_missing")
    answer = await vote(ann, approval, vote="deny", confirm=None, comment="a false alarm")
    assert (answer.status, answer.json["status"]) == (200, "denied")
    await face.settle()
    assert (await ann.get(f"/runs/{approval['run']}")).json["status"] == "denied"


@pytest.mark.parametrize("confirm", [None, "", "3"])
async def test_a_yes_without_what_must_be_typed_does_not_count(face: Face, confirm: str | None) -> None:
    approval = await ask(face)
    assert (approval["confirm"], approval["confirm_hint"]) == ("2", "the number of messages")
    answer = await vote(await face.person("ann"), approval, confirm=confirm)
    assert (answer.status, answer.code) == (422, "confirm_missing")
    await still_asked(face, approval)


async def test_a_vote_on_something_else_than_was_shown_does_not_count(face: Face) -> None:
    approval = await ask(face)
    answer = await vote(await face.person("ann"), approval, digest="sha256:" + 64 * "0")
    assert (answer.status, answer.code) == (409, "digest_differs")
    await still_asked(face, approval)


async def test_a_vote_of_the_wrong_role_does_not_count(face: Face) -> None:
    approval = await ask(face)
    for name, code in (("vera", "missing_permission"), ("root", "missing_permission"), ("carol", "not_allowed")):
        person = await face.person(name)
        answer = await vote(person, approval)
        assert (answer.status, answer.code) == (403, code)
        shown = (await person.get(f"/approvals/{approval['id']}")).json
        assert not shown["may_vote"]
        assert shown["why_not"]
    await still_asked(face, approval)
    (event,) = await face.events("approval.voted")
    assert (event["outcome"], event["actor"]["name"]) == ("denied", "carol")


async def test_whoever_started_it_does_not_decide_it(face: Face) -> None:
    ann, bob = await face.person("ann"), await face.person("bob")
    started = await ann.post("/playbooks/purge/runs", {"inputs": {"messages": ["m1", "m2"]}})
    await face.settle()
    (approval,) = (await ann.get("/approvals")).json["items"]
    answer = await vote(ann, approval)
    assert (answer.status, answer.code) == (403, "excluded_initiator")
    assert (await vote(bob, approval)).status == 200
    assert started.json["initiator"] == {"kind": "user", "name": "ann"}


async def test_a_question_is_decided_once(face: Face) -> None:
    approval = await ask(face)
    assert (await vote(await face.person("ann"), approval)).status == 200
    for name in ("ann", "bob"):
        answer = await vote(await face.person(name), approval)
        assert (answer.status, answer.code) == (409, "already_decided")
    assert (await (await face.person("ann")).get("/approvals?status=pending")).json["items"] == []
    assert len((await (await face.person("ann")).get("/approvals?status=decided")).json["items"]) == 1


async def test_a_vote_that_comes_too_late_does_not_count(face: Face) -> None:
    approval = await ask(face)
    ann = await face.person("ann")
    face.clock.jump(timedelta(minutes=30))
    answer = await vote(ann, approval)
    assert (answer.status, answer.code) == (409, "expired")


async def test_a_question_is_found_by_its_code_as_people_type_it(face: Face) -> None:
    approval = await ask(face)
    ann = await face.person("ann")
    assert (await ann.get(f"/approvals/{approval['code'].lower()}")).json["id"] == approval["id"]
    assert len(approval["digest_code"]) == 10
    answer = await ann.post(f"/approvals/{approval['code']}/votes", {**YES, "digest": approval["digest"]})
    assert answer.status == 200


async def test_the_first_page_shows_what_waits_for_whom(face: Face) -> None:
    ann, carol = await face.person("ann"), await face.person("carol")
    empty = (await ann.get("/now")).json
    assert empty["first_alert"] == {"curl": "curl …", "cli": "soar alert send probe mail.json"}
    approval = await ask(face)
    mine, others = (await ann.get("/now")).json, (await carol.get("/now")).json
    assert [found["id"] for found in mine["waiting_for_me"]] == [approval["id"]]
    assert (mine["waiting_for_others"], others["waiting_for_others"]) == (0, 1)
    assert others["waiting_for_me"] == []
    assert [run["status"] for run in mine["running"]] == ["waiting"]
    assert mine["counts"] == {"alerts": 1, "runs": 1, "waiting": 1}
    assert mine["first_alert"] is None


async def still_asked(face: Face, approval: Mapping[str, Any]) -> None:
    shown = (await (await face.person("bob")).get(f"/approvals/{approval['id']}")).json
    assert (shown["status"], shown["votes"]) == ("pending", [])
