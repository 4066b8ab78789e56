"""People say over the API what a call did of which nobody knows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from tests.support.service import Face, Person

LOST = ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="the line was cut")
DONE = ActionAnswer(output={"ok": True})


async def lose(face: Face) -> tuple[Person, Mapping[str, Any]]:
    """Return somebody who is logged in, and a run that waits for them to find out whether it purged."""
    face.host.script("exchange.purge_messages", LOST, DONE)
    face.host.script("chat.dm", DONE)
    await face.report_mail(messages=["m1"])
    ann = await face.log_in("ann")
    (approval,) = (await ann.get("/approvals")).json["items"]
    await ann.post(
        f"/approvals/{approval['id']}/votes", {"vote": "approve", "confirm": "m1", "digest": approval["digest"]}
    )
    await face.settle()
    return ann, (await ann.get(f"/runs/{approval['run']}")).json


def say(finding: str, **more: object) -> dict[str, object]:
    return {"step": "purge", "finding": finding, "reason": "seen there", **more}


async def test_a_run_shows_what_nobody_knows_and_goes_on_with_what_is_said(face: Face) -> None:
    ann, run = await lose(face)
    assert (run["status"], run["waiting_for"]) == (
        "waiting",
        "somebody to find out whether it happened: Purge every copy",
    )
    purge = run["steps"][1]
    assert (purge["status"], purge["doubt"]["message"]) == ("waiting", "the line was cut")
    answer = await ann.post(f"/runs/{run['id']}/settle", say("happened", output={"purged": 1}))
    assert (answer.status, answer.json["id"]) == (202, run["id"])
    await face.settle()
    after = (await ann.get(f"/runs/{run['id']}")).json
    assert (after["status"], after["steps"][1]["output"], after["steps"][1]["doubt"]) == (
        "succeeded",
        {"purged": 1},
        None,
    )
    assert after["steps"][1]["reason"] == "ann says that it happened: seen there"
    assert [held["status"] for held in after["responses"]] == ["active"]
    (event,) = await face.events("outcome.settled")
    assert (event["actor"]["id"], event["reason"]) == ("u_ann", "seen there")
    second = await (await face.log_in("bob")).post(f"/runs/{run['id']}/settle", say("did_not"))
    assert (second.status, second.code) == (409, "settle.done")
    assert second.json["detail"].startswith("already settled by ann at ")


async def test_another_try_is_made_once(face: Face) -> None:
    ann, run = await lose(face)
    assert (await ann.post(f"/runs/{run['id']}/settle", say("again"))).status == 202
    await face.settle()
    assert (await ann.get(f"/runs/{run['id']}")).json["status"] == "succeeded"
    purges = [call for call in face.host.calls if call.action == "exchange.purge_messages"]
    assert len(purges) == 2
    assert len({call.effect_key for call in purges}) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (say("perhaps"), 422),
        (say("happened", reason=""), 422),
        (say("happened", output="all"), 422),
        (say("did_not", output={"purged": 1}), 422),
        ({"step": "purge", "finding": "happened"}, 422),
        (say("happened") | {"step": "nowhere"}, 422),
        (say("happened") | {"step": "tell"}, 409),
    ],
)
async def test_what_makes_no_sense_leaves_the_run_as_it_is(face: Face, body: object, status: int) -> None:
    ann, run = await lose(face)
    assert (await ann.post(f"/runs/{run['id']}/settle", body)).status == status
    assert await face.events("outcome.settled") == []


async def test_only_who_may_and_has_just_proved_who_they_are_is_believed(face: Face) -> None:
    ann, run = await lose(face)
    vera = await face.log_in("vera")
    assert (await vera.post(f"/runs/{run['id']}/settle", say("happened"))).status == 403
    face.clock.advance(timedelta(minutes=5, seconds=1))
    late = await ann.post(f"/runs/{run['id']}/settle", say("happened"))
    assert late.code == "step_up_required"
    assert await face.events("outcome.settled") == []
