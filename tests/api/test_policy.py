"""The freeze and the policy, over the API."""

from soar.model.audit import Outcome
from soar.model.identity import Role, UserKind
from tests.support.builders import build_user
from tests.support.service import Answer, Face, Person

WHY = "the playbooks run wild"


async def freeze(person: Person, kind: str = "everything", name: str | None = None) -> Answer:
    body = {"kind": kind, "reason": WHY, **({"name": name} if name else {})}
    return await person.post("/freeze", body)


async def lift(person: Person, id_: str = "everything") -> Answer:
    return await person.post(f"/freeze/{id_}/lift", {"reason": "looked"})


async def make_lead(face: Face, name: str) -> Person:
    user = build_user(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=frozenset({Role.SOC_LEAD.value}))
    await face.write(lambda unit: unit.users.add(user))
    return await face.person(name)


async def test_a_freeze_is_seen_by_all_and_takes_two_people_to_lift(face: Face) -> None:
    carol, vera, lead = await face.person("carol"), await face.person("vera"), await make_lead(face, "lena")
    frozen = await freeze(carol)
    assert (frozen.status, frozen.json["id"], frozen.json["frozen_by"]) == (200, "everything", "u_carol")
    (shown,) = (await vera.get("/now")).json["freezes"]
    assert (await vera.get("/freeze")).json["items"] == [shown]
    asked = await lift(carol)
    assert (asked.json["is_lifted"], asked.json["freeze"]["lift_asked_by"]) == (False, "u_carol")
    assert (asked.json["freeze"]["frozen_by_name"], asked.json["freeze"]["lift_asked_by_name"]) == ("carol", "carol")
    again = await lift(carol)
    assert (again.status, again.code) == (403, "second_person")
    assert (await lift(lead)).json["is_lifted"] is True
    assert (await vera.get("/freeze")).json["items"] == []
    assert (await lift(lead)).code == "not_frozen"
    told = await face.events("freeze.")
    assert [(event["type"], event["actor"]["id"], event["outcome"]) for event in told] == [
        ("freeze.set", "u_carol", Outcome.SUCCESS),
        ("freeze.lift_requested", "u_carol", Outcome.SUCCESS),
        ("freeze.lifted", "u_lena", Outcome.SUCCESS),
    ]


async def test_a_frozen_write_is_not_made_and_the_run_says_why(face: Face) -> None:
    carol = await face.person("carol")
    await freeze(carol, "action", "chat.dm")
    await face.report_mail(messages=["m1"])
    await face.settle()
    (approval,) = (await carol.get("/approvals")).json["items"]
    ballot = {"vote": "approve", "digest": approval["digest"], "confirm": "m1"}
    voted = await (await face.person("ann")).post(f"/approvals/{approval['id']}/votes", ballot)
    assert voted.status == 200, voted.json
    await face.settle()
    (run,) = (await carol.get("/runs")).json["items"]
    assert run["reason"] == f"tell: not called: writes of the action chat.dm are frozen by u_carol: {WHY}"
    assert "chat.dm" not in {call.action for call in face.host.calls}


async def test_only_what_there_is_can_be_frozen(face: Face) -> None:
    carol = await face.person("carol")
    typo = await freeze(carol, "action", "chat.dn")
    assert (typo.status, typo.code, typo.json["hint"]) == (422, "nothing_to_freeze", "did you mean chat.dm?")
    for kind, name in (("everything", "chat"), ("connector", None), ("connection", "none"), ("planet", "mars")):
        assert (await freeze(carol, kind, name)).status == 422, kind
    assert (await freeze(carol, "connector", "chat")).json["id"] == "connector:chat"
    assert (await freeze(carol, "connection", "exchange")).json["id"] == "connection:exchange"


async def test_an_analyst_freezes_nothing_and_a_program_lifts_nothing(face: Face) -> None:
    assert (await freeze(await face.person("ann"))).status == 403
    program = build_user(
        id="u_prog", name="prog", email="", roles=frozenset({Role.SOC_LEAD.value}), kind=UserKind.SERVICE
    )
    await face.write(lambda unit: unit.users.add(program))
    prog = await face.person("prog")
    assert (await freeze(prog)).status == 200
    refused = await lift(prog)
    assert (refused.status, refused.code) == (403, "person_needed")


async def test_the_policy_is_shown_as_a_document(face: Face) -> None:
    policy = (await (await face.person("vera")).get("/policy")).json["policy"]
    assert [gate["name"] for gate in policy["gates"]] == ["gate-destructive"]
    assert (policy["silence"], policy["caps"]) == ("deny", [])


async def test_another_policy_is_held_against_what_was_done(face: Face) -> None:
    carol = await face.person("carol")
    await face.report_mail(messages=["m1", "m2"])
    await face.settle()
    (approval,) = (await carol.get("/approvals")).json["items"]
    ballot = {"vote": "approve", "digest": approval["digest"], "confirm": "2"}
    await (await face.person("ann")).post(f"/approvals/{approval['id']}/votes", ballot)
    await face.settle()
    policy = {
        "gates": [{"name": "all", "when": 'action.effect == "write"', "require": {"by": "role:soc-lead"}}],
        "caps": [{"action": "exchange.purge_messages", "max_items": 1}],
    }
    compared = (await carol.post("/policy/diff", {"policy": policy})).json
    assert (compared["judged"], compared["unknown"], compared["is_complete"]) == (2, 0, True)
    found = {shift["action"]: (shift["before"], shift["after"], shift["unasked"]) for shift in compared["shifts"]}
    assert found == {"chat.dm": ("free", "asked", 1), "exchange.purge_messages": ("asked", "capped", 0)}
    wrong = await carol.post("/policy/diff", {"policy": {"caps": [{"max": 2}]}})
    assert (wrong.status, wrong.code) == (422, "invalid_policy")


async def test_how_people_decide_is_measured(face: Face) -> None:
    carol = await face.person("carol")
    await face.report_mail(messages=["m1"])
    await face.settle()
    (approval,) = (await carol.get("/approvals")).json["items"]
    ballot = {"vote": "approve", "digest": approval["digest"], "confirm": "m1"}
    assert (await (await face.person("ann")).post(f"/approvals/{approval['id']}/votes", ballot)).status == 200
    told = (await carol.get("/metrics/approvals?days=7")).json
    assert (told["decided"], told["votes"], told["is_complete"]) == (1, 1, True)
    assert [(person["user"], person["votes"]) for person in told["people"]] == [("u_ann", 1)]
    assert [(gate["in_a_row"], gate["is_proposed"]) for gate in told["gates"]] == [(1, False)]
    assert (await carol.get("/metrics/approvals?days=91")).status == 422
    assert (await (await face.person("vera")).get("/metrics/approvals")).status == 403


async def test_what_shadow_would_have_done_is_for_those_who_read_metrics(face: Face) -> None:
    carol = await face.person("carol")
    told = (await carol.get("/playbooks/phishing-triage/parity?hours=24&window_hours=2")).json
    assert (told["playbook"], told["runs"], told["since"]) == ("phishing-triage", 0, None)
    assert (told["tallies"], told["is_complete"]) == ([], True)
    assert (await carol.get("/playbooks/phishing-triage/parity?hours=0")).status == 422
    assert (await (await face.person("vera")).get("/playbooks/phishing-triage/parity")).status == 403
