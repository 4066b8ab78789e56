"""Runs over the API: started, seen, ended, taken back."""

from collections.abc import Mapping
from typing import Any

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from tests.support.service import Face


async def purge(face: Face) -> Mapping[str, Any]:
    """Bring a run to its end, with a yes."""
    await face.report_mail(messages=["m1", "m2"])
    ann = await face.person("ann")
    (approval,) = (await ann.get("/approvals")).json["items"]
    await ann.post(
        f"/approvals/{approval['id']}/votes", {"vote": "approve", "confirm": "2", "digest": approval["digest"]}
    )
    await face.settle()
    return (await ann.get(f"/runs/{approval['run']}")).json


async def test_a_run_shows_every_step_of_its_document(face: Face) -> None:
    run = await purge(face)
    links, copies, tell = run["steps"]
    assert [step["status"] for step in run["steps"]] == ["succeeded"] * 3
    assert [(item["index"], item["item"], item["status"]) for item in links["items"]] == [
        (0, "m1", "succeeded"),
        (1, "m2", "succeeded"),
    ]
    assert (copies["kind"], copies["action"], copies["effect"]) == ("use", "exchange.purge_messages", "destructive")
    assert copies["arguments"] == {"messages": ["m1", "m2"]}
    assert copies["approval"] == run["approvals"][0]["id"]
    assert (tell["label"], tell["id"], tell["output"]) == ("tell", "tell", {"ok": True})
    assert run["inputs"] == {"messages": ["m1", "m2"]}
    assert [(response["status"], response["lifted_by"]) for response in run["responses"]] == [("active", None)]


async def test_a_failed_run_shows_why_and_what_it_did_not_reach(face: Face) -> None:
    face.host.script("virustotal.url_report", ActionAnswer(code=ActionCode.AUTH, message="the key is wrong"))
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (listed,) = (await ann.get("/runs?status=failed")).json["items"]
    run = (await ann.get(f"/runs/{listed['id']}")).json
    assert [step["status"] for step in run["steps"]] == ["failed", "skipped", "skipped"]
    assert run["steps"][0]["items"][0]["fault"]["code"] == "auth"
    assert [found["id"] for found in (await ann.get("/now")).json["broke"]] == [run["id"]]


async def test_an_undo_takes_back_what_a_run_holds(face: Face) -> None:
    run = await purge(face)
    ann = await face.person("ann")
    answer = await ann.post(f"/runs/{run['id']}/undo")
    assert answer.status == 202
    (lifting,) = answer.json["responses"]
    assert lifting["status"] == "lifting"
    await face.settle()
    after = (await ann.get(f"/runs/{run['id']}")).json
    assert [response["status"] for response in after["responses"]] == ["lifted"]
    assert after["responses"][0]["lifted_by"] == {"kind": "user", "name": "ann"}
    assert [step["status"] for step in after["steps"]] == ["succeeded", "undone", "succeeded"]
    lift = (await ann.get(f"/runs/{lifting['lift_run']}")).json
    assert (lift["status"], lift["playbook_name"], lift["initiator"]["name"]) == (
        "succeeded",
        "Take back exchange.purge_messages",
        "ann",
    )
    assert face.host.calls[-1].action == "exchange.restore_messages"
    assert (await ann.post(f"/runs/{run['id']}/undo")).json == {"responses": []}


async def test_a_response_is_lifted_once(face: Face) -> None:
    run = await purge(face)
    ann = await face.person("ann")
    held = run["responses"][0]["id"]
    assert (await ann.post(f"/responses/{held}/lift", {"reason": "a false alarm"})).status == 202
    again = await ann.post(f"/responses/{held}/lift", {"reason": "a false alarm"})
    assert (again.status, again.code) == (409, "conflict")
    await face.settle()
    assert [found["id"] for found in (await ann.get("/responses?status=lifted")).json["items"]] == [held]
    (event,) = await face.events("response.lift_requested")
    assert (event["actor"]["id"], event["reason"]) == ("u_ann", "a false alarm")


async def test_a_run_is_cancelled_and_that_is_recorded(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    (run,) = (await ann.get("/runs")).json["items"]
    answer = await ann.post(f"/runs/{run['id']}/cancel", {"reason": "a false alarm"})
    assert (answer.status, answer.json["id"]) == (202, run["id"])
    await face.settle()
    after = (await ann.get(f"/runs/{run['id']}")).json
    assert (after["status"], after["approvals"][0]["status"]) == ("cancelled", "cancelled")
    (event,) = await face.events("run.cancel_requested")
    assert (event["actor"]["name"], event["reason"], event["target"]["id"]) == ("ann", "a false alarm", run["id"])
    again = await ann.post(f"/runs/{run['id']}/cancel")
    assert (again.status, again.code) == (409, "conflict")


async def test_a_playbook_is_started_by_hand_with_checked_inputs(face: Face) -> None:
    ann = await face.person("ann")
    bad = await ann.post("/playbooks/purge/runs", {"inputs": {"messages": "m1", "more": 1}})
    assert (bad.status, bad.code) == (422, "inputs.invalid")
    assert {error["pointer"] for error in bad.json["errors"]} == {"/messages", "/more"}
    answer = await ann.post("/playbooks/purge/runs", {"inputs": {"messages": ["m1"]}})
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/runs/{answer.json['id']}"
    await face.settle()
    assert (await ann.send("GET", answer.headers["Location"])).json["status"] == "waiting"


async def test_lists_come_in_pages_newest_first(face: Face) -> None:
    for number in range(5):
        await face.report_mail(messages=[f"m{number}"])
    ann = await face.person("ann")
    whole = [run["id"] for run in (await ann.get("/runs")).json["items"]]
    path, seen = "/runs?limit=2", []
    while path:
        page = (await ann.get(path)).json
        seen.append([run["id"] for run in page["items"]])
        path = page["next"] and f"/runs?limit=2&cursor={page['next']}"
    assert [len(page) for page in seen] == [2, 2, 1]
    assert [run for page in seen for run in page] == whole
    assert len(whole) == 5


async def test_runs_are_found_by_playbook_and_alert(face: Face) -> None:
    alert = (await face.report_mail(messages=["m1"])).json["alert"]
    await face.report_mail(messages=["m2"])
    ann = await face.person("ann")
    assert [run["alert"] for run in (await ann.get(f"/runs?alert={alert}")).json["items"]] == [alert]
    assert len((await ann.get("/runs?playbook=purge&status=waiting")).json["items"]) == 2
    assert (await ann.get("/runs?playbook=other")).json["items"] == []
