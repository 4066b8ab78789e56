"""Answers to questions for facts over the API."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from soar.engine.events import RunStarted, dump_event
from soar.model.playbook import Revision
from soar.model.run import RunStatus
from soar.store import Unit
from tests.support.builders import build_run
from tests.support.service import Answer, Face, Person

HOSTILE = "<script>x</script>\u202e @here"
ASKING = f"""
name: Account check
owner: team:soc
on: {{manual: {{}}}}
steps:
  - id: owner
    ask:
      to: ann@corp.example
      question: "Was it you? {HOSTILE}"
      fields:
        mine: {{type: bool, label: "{HOSTILE}"}}
        since: {{type: duration, default: 1h}}
        verdict: {{enum: [compromised, false_alarm], default: null}}
outputs:
  owner: ${{{{ steps.owner.output }}}}
"""


async def ask(face: Face) -> Mapping[str, Any]:
    """Bring a run to its question and return it."""
    at = face.clock.now()
    revision = Revision(
        playbook="check",
        digest=f"sha256:{hashlib.sha256(ASKING.encode()).hexdigest()}",
        text=ASKING,
        created_at=at,
        author="u_root",
    )

    def add(unit: Unit) -> None:
        unit.revisions.put(revision)
        unit.runs.add(build_run(id="run_asking", playbook="check", revision=revision.digest, status=RunStatus.QUEUED))
        unit.inbox.add("run_asking", dump_event(RunStarted(at=at)), at)

    await face.write(add)
    await face.settle()
    (asked,) = (await (await face.person("vera")).get("/approvals?status=pending")).json["items"]
    return asked


async def answer(person: Person, asked: Mapping[str, Any], answers: object) -> Answer:
    return await person.post(f"/approvals/{asked['id']}/answers", {"answers": answers})


async def test_a_question_is_shown_with_its_form_and_with_who_may_answer(face: Face) -> None:
    asked = await ask(face)
    assert asked["fields"] == [
        {"name": "mine", "type": "bool", "label": HOSTILE, "enum": [], "has_default": False, "default": None},
        {"name": "since", "type": "duration", "label": "since", "enum": [], "has_default": True, "default": "1h"},
        {
            "name": "verdict",
            "type": "string",
            "label": "verdict",
            "enum": ["compromised", "false_alarm"],
            "has_default": True,
            "default": None,
        },
    ]
    assert (asked["card"]["question"], asked["reply"], asked["may_vote"]) == (f"Was it you? {HOSTILE}", None, False)
    ann, bob = await face.person("ann"), await face.person("bob")
    assert (await ann.get("/now")).json["waiting_for_me"][0]["may_vote"]
    assert "it needs ann@corp.example" in (await bob.get(f"/approvals/{asked['code']}")).json["why_not"]


async def test_the_run_goes_on_with_what_was_answered(face: Face) -> None:
    asked = await ask(face)
    answered = await answer(await face.log_in("ann"), asked, {"mine": True})
    assert (answered.status, answered.json["status"]) == (200, "answered")
    reply = answered.json["reply"]
    assert (reply["name"], reply["via"]) == ("ann", "web")
    assert reply["answers"] == {"mine": True, "since": "1h", "verdict": None}
    await face.settle()
    run = (await (await face.person("ann")).get("/runs/run_asking")).json
    assert (run["status"], run["outputs"]["owner"]) == ("succeeded", reply["answers"])
    (event,) = await face.events("approval.answered")
    assert (event["actor"]["name"], event["actor"]["via"], event["after"]["answers"]) == (
        "ann",
        "web",
        reply["answers"],
    )


async def test_what_does_not_fit_is_said_field_by_field_and_changes_nothing(face: Face) -> None:
    asked = await ask(face)
    refused = await answer(await face.person("ann"), asked, {"mine": "yes", "verdict": "fine", "other": 1})
    assert (refused.status, refused.code) == (422, "answers_invalid")
    assert refused.json["errors"] == [
        {"pointer": "/answers/other", "message": "this is not asked for"},
        {"pointer": "/answers/mine", "message": "`yes` is not a bool"},
        {"pointer": "/answers/verdict", "message": "it is not one of compromised, false_alarm"},
    ]
    shown = (await (await face.person("ann")).get(f"/approvals/{asked['id']}")).json
    assert (shown["status"], shown["may_vote"]) == ("pending", True)


@pytest.mark.parametrize("answers", [None, [], "mine", {"": True}, {"x" * 201: True}, {f"f{n}": n for n in range(101)}])
async def test_what_is_no_map_of_answers_is_refused(face: Face, answers: object) -> None:
    asked = await ask(face)
    refused = await answer(await face.person("ann"), asked, answers)
    assert (refused.status, refused.code) == (422, "invalid")


async def test_a_text_is_bounded(face: Face) -> None:
    asked = await ask(face)
    refused = await answer(await face.person("ann"), asked, {"mine": True, "verdict": "x" * 4_001})
    assert refused.json["errors"] == [{"pointer": "/answers/verdict", "message": "it is longer than 4,000 characters"}]


async def test_who_is_not_asked_does_not_answer(face: Face) -> None:
    asked = await ask(face)
    for name, code in (("vera", "missing_permission"), ("bob", "not_allowed")):
        refused = await answer(await face.person(name), asked, {"mine": True})
        assert (refused.status, refused.code) == (403, code)


async def test_a_question_is_answered_once(face: Face) -> None:
    asked = await ask(face)
    ann = await face.person("ann")
    assert (await answer(ann, asked, {"mine": False})).status == 200
    again = await answer(ann, asked, {"mine": True})
    assert (again.status, again.code) == (409, "already_decided")


async def test_a_vote_is_no_answer_and_an_answer_no_vote(face: Face) -> None:
    asked = await ask(face)
    ann = await face.person("ann")
    voted = await ann.post(f"/approvals/{asked['id']}/votes", {"vote": "approve", "digest": asked["digest"]})
    assert (voted.status, voted.code) == (422, "is_question")
    await answer(ann, asked, {"mine": True})
    await face.settle()
    await face.report_mail(messages=["m1"])
    (gate,) = (await ann.get("/approvals?status=pending")).json["items"]
    refused = await answer(ann, gate, {"mine": True})
    assert (refused.status, refused.code) == (422, "is_approval")
