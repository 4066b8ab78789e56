"""Suppression rules, replays and backfills over the API."""

from datetime import timedelta

from tests.support.service import Face

TOMORROW = "2026-03-02T09:00:00Z"
RULE = {"match": 'alert.title == "Invoice"', "reason": "a known test", "expires_at": TOMORROW}
WINDOW = {"since": "2026-03-01T00:00:00Z", "until": TOMORROW}


async def test_a_rule_holds_at_once_is_seen_with_what_it_took_and_goes_again(face: Face) -> None:
    carol, vera = await face.log_in("carol"), await face.person("vera")
    added = await carol.post("/suppressions", RULE)
    made = {**RULE, "id": added.json["id"], "created_by": "user:carol@corp.example"}
    assert (added.status, added.json) == (201, {**made, "created_at": "2026-03-01T09:00:00Z", "alerts": 0})
    alert = (await face.report_mail(messages=["m1"])).json["alert"]
    shown = (await vera.get(f"/alerts/{alert}")).json
    assert (shown["suppressed_by"], shown["matches"], shown["burst"], shown["samples"]) == (made["id"], [], None, [])
    assert [why["is_match"] for why in shown["why"]] == [True]
    assert (await vera.get("/suppressions")).json["items"] == [{**added.json, "alerts": 1}]
    path = f"/api/v1/suppressions/{made['id']}"
    assert [(await carol.send("DELETE", path)).status for _ in range(2)] == [204, 404]
    assert (await vera.get("/suppressions")).json == {"items": [], "next": None}
    other = (await face.report_mail(messages=["m2"])).json["alert"]
    listed = [(await vera.get(f"/alerts?suppressed={word}")).json["items"] for word in ("true", "false")]
    assert [[each["id"] for each in items] for items in listed] == [[alert], [other]]
    assert (await vera.get("/alerts?suppressed=perhaps")).status == 422
    assert len(await face.read(lambda unit: unit.runs.list(9).items)) == 1
    kinds = [(event["type"], event["actor"]["id"]) for event in await face.events("suppression.")]
    assert kinds == [("suppression.added", "u_carol"), ("suppression.removed", "u_carol")]


async def test_a_rule_needs_the_right_a_fresh_proof_and_an_end(face: Face) -> None:
    ann, carol = await face.log_in("ann"), await face.log_in("carol")
    assert (await ann.post("/suppressions", RULE)).code == "missing_permission"
    for wrong in ({"match": "alert."}, {"expires_at": "2027-03-02T09:00:00Z"}, {"reason": ""}, {"expires_at": None}):
        assert (await carol.post("/suppressions", {**RULE, **wrong})).status == 422
    face.clock.advance(timedelta(minutes=6))
    assert (await carol.post("/suppressions", RULE)).code == "step_up_required"
    assert (await carol.get("/suppressions")).json["items"] == []


async def test_a_check_says_that_a_rule_would_take_it(face: Face) -> None:
    ann = await face.log_in("ann")
    rule = (await (await face.log_in("carol")).post("/suppressions", RULE)).json["id"]
    body = {"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": []}
    (checked,) = (await ann.send("POST", "/hooks/probe/check", body)).json["alerts"]
    assert checked["suppressed_by"] == rule


async def test_a_replay_takes_the_same_bytes_through_the_source_again(face: Face) -> None:
    ann, vera = await face.person("ann"), await face.person("vera")
    alert = (await face.report_mail(messages=["m1"])).json["alert"]
    replayed = await ann.post(f"/alerts/{alert}/replay")
    (received,) = replayed.json["alerts"]
    assert (replayed.status, received["duplicate_of"]) == (202, None)
    first, second = [(await ann.get(f"/alerts/{each}")).json for each in (alert, received["alert"])]
    assert (first["raw"], first["id"]) == (second["raw"], alert)
    assert second["matches"][0]["relation"] == "started"
    await face.settle()
    assert (await vera.post(f"/alerts/{alert}/replay")).status == 403
    assert (await ann.post("/alerts/al_none/replay")).status == 404


async def test_a_backfill_starts_what_its_playbook_takes_once_and_goes_on_where_it_ended(face: Face) -> None:
    rule = (await (await face.log_in("carol")).post("/suppressions", RULE)).json["id"]
    for number in range(3):
        await face.report_mail(messages=[], title=f"no. {number}")
    await face.report_mail(messages=[])
    await face.report_mail(messages=[], title="harmless")
    ann = await face.person("ann")
    await ann.send("DELETE", f"/api/v1/suppressions/{rule}")
    assert len(await face.read(lambda unit: unit.runs.list(9).items)) == 3
    (alerts,) = [await face.read(lambda unit: unit.alerts.list(9).items)]
    assert len(alerts) == 5
    filled = (await ann.post("/playbooks/purge/backfill", WINDOW)).json
    assert filled == {"mode": "shadow", "total": 5, "seen": 4, "known": 3, "runs": [], "after": None}
    await face.settle()
