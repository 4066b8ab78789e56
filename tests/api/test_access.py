"""Decisions explained, and roles given for a part of the world."""

from dataclasses import replace

import pytest

from soar.store import Unit
from tests.support.builders import build_alert, build_case, build_dead_letter, build_run
from tests.support.service import Face


async def test_somebody_is_told_what_they_may_and_why(face: Face) -> None:
    ann = await face.person("ann")
    told = (await ann.get("/session/access?permission=playbook:run&thing=playbook:purge")).json
    assert told["is_allowed"] is True
    assert told["thing"] == "playbook purge"
    assert "the role analyst (everywhere) gives `playbook:run`" in [reason["text"] for reason in told["reasons"]]
    told = (await ann.get("/session/access?permission=user:write")).json
    assert (told["is_allowed"], told["code"]) == (False, "missing_permission")
    assert "admin" in told["reason"]


async def test_those_who_see_people_ask_about_others(face: Face) -> None:
    carol = await face.person("carol")
    for user in ("vera", "u_vera"):
        told = (await carol.get(f"/access/explain?user={user}&permission=run:cancel")).json
        assert (told["user"], told["is_allowed"]) == ("vera", False)
    assert (await (await face.person("ann")).get("/access/explain?user=vera&permission=run:cancel")).status == 403
    missing = await carol.get("/access/explain?user=nobody&permission=run:cancel")
    assert (missing.status, missing.code) == (404, "not_found")


async def test_everybody_sees_which_role_allows_what(face: Face) -> None:
    vera = await face.person("vera")
    page = (await vera.get("/roles")).json
    allowed = {role["name"]: set(role["permissions"]) for role in page["items"]}
    assert "approval:vote" in allowed["analyst"]
    assert "approval:vote" not in allowed["admin"]
    assert {role["scope"] for role in page["items"]} == {None}
    known = {permission["name"]: permission["risk"] for permission in page["permissions"]}
    assert set.union(*allowed.values()) <= set(known)
    assert (known["run:read"], known["approval:vote"]) == ("read", "critical")


async def test_who_is_switched_off_may_nothing(face: Face) -> None:
    def switch_off(unit: Unit) -> None:
        user = unit.users.get("u_bob")
        assert user is not None
        unit.users.update(replace(user, disabled_at=face.clock.now()))

    await face.write(switch_off)
    carol = await face.person("carol")
    assert not (await carol.get("/access/explain?user=bob&permission=run:read")).json["is_allowed"]


async def test_every_kind_of_thing_can_be_asked_about(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    approval = await face.read(lambda unit: unit.approvals.list(1).items[0])

    def add(unit: Unit) -> None:
        unit.cases.add(build_case(team="soc"))
        unit.alerts.add(build_alert())
        unit.runs.add(build_run())
        unit.dead_letters.put(build_dead_letter())

    await face.write(add)
    ann = await face.person("ann")
    things = [
        f"approval:{approval.code}",
        f"run:{approval.run}",
        f"alert:{build_alert().id}",
        f"letter:{build_dead_letter().id}",
        f"case:{build_case().id}",
        "playbook:purge",
        "connector:exchange",
        "connection:exchange",
        "connection:none",
        "credential:probe_hook",
        "source:probe",
        "source:none",
        "list:vip",
        "message:#soc",
    ]
    for thing in things:
        answer = await ann.get(f"/session/access?permission=run:read&thing={thing.replace('#', '%23')}")
        assert answer.status == 200, (thing, answer.body)
        assert answer.json["is_allowed"]
    for thing in ("run:none", "alert:none", "approval:none", "response:none", "letter:none", "case:none"):
        answer = await ann.get(f"/session/access?permission=run:read&thing={thing}")
        assert (answer.status, answer.code) == (404, "not_found"), thing


@pytest.mark.parametrize(
    "query", ["permission=run:fly", "permission=run:read&thing=run", "permission=run:read&thing=:x"]
)
async def test_what_is_no_permission_or_no_thing_is_refused(face: Face, query: str) -> None:
    answer = await (await face.person("ann")).get(f"/session/access?{query}")
    assert answer.status == 422
    assert answer.json["hint"]


async def test_grants_are_set_recorded_and_take_effect_at_once(face: Face) -> None:
    root, vera = await face.person("root"), await face.person("vera")
    assert (await vera.post("/playbooks/purge/runs")).status == 403
    wanted = {"grants": ["analyst@playbook=pur*", "analyst@playbook=pur*"], "teams": ["soc"]}
    answer = await root.send("PUT", "/api/v1/users/vera/grants", wanted)
    assert answer.json == {
        "user": "u_vera",
        "name": "vera",
        "roles": ["viewer"],
        "grants": ["analyst@playbook=pur*"],
        "teams": ["soc"],
    }
    assert (await vera.post("/playbooks/purge/runs", {"inputs": {"messages": []}})).status == 202
    await face.settle()
    (event,) = await face.events("user.grants_set")
    assert (event["before"]["grants"], event["before"]["teams"]) == ([], [])
    assert (event["after"]["grants"], event["after"]["teams"]) == (["analyst@playbook=pur*"], ["soc"])
    assert (await root.send("PUT", "/api/v1/users/vera/grants", {"grants": []})).json["grants"] == []
    assert (await vera.post("/playbooks/purge/runs")).status == 403


async def test_nobody_sets_their_own_grants(face: Face) -> None:
    root = await face.person("root")
    answer = await root.send("PUT", "/api/v1/users/root/grants", {"grants": ["author@playbook=*"]})
    assert (answer.status, answer.code) == (403, "own_account")


@pytest.mark.parametrize(
    ("user", "grant", "words"),
    [
        ("olga", "analyst@team=soc", "an auditor cannot be `analyst`"),
        ("ann", "auditor@team=soc", "an auditor cannot be `analyst`"),
        ("ann", "admin@team=soc", "an admin cannot be `analyst`"),
        ("ann", "analist@team=soc", "no role `analist`"),
        ("ann", "analyst@planet=mars", "limits nothing"),
        ("ann", "analyst", "is no grant"),
    ],
)
async def test_grants_that_cannot_be_are_refused(face: Face, user: str, grant: str, words: str) -> None:
    root = await face.person("root")
    answer = await root.send("PUT", f"/api/v1/users/{user}/grants", {"grants": [grant]})
    assert (answer.status, answer.code) == (422, "grant.invalid")
    assert words in answer.json["detail"]
    assert await face.events("user.grants_set") == []


async def test_a_vote_counts_from_somebody_who_holds_the_role_over_what_is_asked(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    root, vera = await face.person("root"), await face.person("vera")
    (question,) = (await vera.get("/approvals")).json["items"]
    ballot = {"vote": "approve", "digest": question["digest"], "confirm": question["confirm"]}

    async def vote(grant: str) -> tuple[int, str | None]:
        await root.send("PUT", "/api/v1/users/vera/grants", {"grants": [grant]})
        (shown,) = (await vera.get("/approvals")).json["items"]
        answer = await vera.post(f"/approvals/{question['id']}/votes", ballot)
        assert shown["may_vote"] is (answer.status == 200)
        return answer.status, answer.json.get("code")

    assert await vote("analyst@playbook=other") == (403, "outside_limit")
    assert await vote("soc-lead@playbook=purge") == (403, "not_allowed")
    assert (await vote("analyst@playbook=purge,connector=exchange"))[0] == 200
    await face.settle()
