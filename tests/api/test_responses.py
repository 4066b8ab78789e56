"""Active responses over the API: let stand longer, let stand for good, looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from soar.model.process import ActionAnswer
from soar.model.values import parse_timestamp
from tests.support.service import Face

HOUR = timedelta(hours=1)


async def hold(face: Face, **changes: object) -> Mapping[str, Any]:
    """Let the face hold a change that ends in an hour and can be looked at."""
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (approval,) = (await ann.get("/approvals")).json["items"]
    sent = {"vote": "approve", "confirm": "m1", "digest": approval["digest"]}
    await ann.post(f"/approvals/{approval['id']}/votes", sent)
    await face.settle()
    (held,) = (await face.read(lambda unit: unit.responses.list(10))).items
    looked = {
        "check_action": "virustotal.url_report",
        "check_connection": "virustotal",
        "check_arguments": {"url": "x"},
    }
    ending = replace(held, expires_at=face.clock.now() + HOUR, **{**looked, **changes})
    await face.write(lambda unit: unit.responses.update(ending))
    (shown,) = (await ann.get("/responses")).json["items"]
    return shown


async def test_a_response_shows_whose_it_is_and_whether_it_can_be_looked_at(face: Face) -> None:
    held = await hold(face)
    assert (held["owner"], held["is_checkable"], held["sighting"], held["pages"]) == ("team:soc", True, None, 0)


async def test_a_response_is_extended_by_whoever_may_lift_it(face: Face) -> None:
    held, ann = await hold(face), await face.person("ann")
    answer = await ann.post(f"/responses/{held['id']}/extend", {"by": "2h", "reason": "forensics"})
    assert answer.status == 200
    assert parse_timestamp(answer.json["expires_at"]) - parse_timestamp(held["expires_at"]) == 2 * HOUR
    olga = await face.person("olga")
    (said,) = (await olga.get("/audit?type=response.extended")).json["items"]
    assert (said["actor"]["name"], said["reason"]) == ("ann", "forensics")


@pytest.mark.parametrize(("by", "says"), [("later", "is no duration"), ("5", "needs a unit"), ("91d", "90 days")])
async def test_a_time_that_is_none_is_refused_in_words(face: Face, by: str, says: str) -> None:
    held, ann = await hold(face), await face.person("ann")
    answer = await ann.post(f"/responses/{held['id']}/extend", {"by": by})
    assert answer.status in {400, 422}
    assert says in answer.json["detail"]


async def test_only_a_lead_lets_a_response_stand_for_good_and_says_why(face: Face) -> None:
    held = await hold(face)
    ann, carol = await face.person("ann"), await face.person("carol")
    assert (await ann.post(f"/responses/{held['id']}/keep", {"reason": "known bad"})).status == 403
    assert (await carol.post(f"/responses/{held['id']}/keep", {})).status in {400, 422}
    assert (await carol.post(f"/responses/{held['id']}/keep", {"reason": " \n"})).status in {400, 422}
    answer = await carol.post(f"/responses/{held['id']}/keep", {"reason": "known bad"})
    assert (answer.status, answer.json["expires_at"], answer.json["status"]) == (200, None, "active")


async def test_a_look_is_a_run_whose_finding_is_shown(face: Face) -> None:
    held, ann = await hold(face), await face.person("ann")
    face.host.script("virustotal.url_report", ActionAnswer(output={"holds": False}))
    answer = await ann.post(f"/responses/{held['id']}/check")
    assert answer.status == 202
    await face.settle()
    (shown,) = (await ann.get("/responses")).json["items"]
    assert (shown["status"], shown["sighting"]) == ("active", "gone")
    run = (await ann.get(f"/runs/{answer.json['check_run']}")).json
    assert (run["status"], run["initiator"]["name"]) == ("succeeded", "ann")


async def test_what_no_connector_can_look_at_is_refused(face: Face) -> None:
    held, ann = await hold(face, check_action=None), await face.person("ann")
    assert held["is_checkable"] is False
    answer = await ann.post(f"/responses/{held['id']}/check")
    assert (answer.status, answer.code) == (409, "conflict")
