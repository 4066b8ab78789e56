"""What people do with questions over the API besides voting, and say in the built-in chat."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from soar.model.values import print_timestamp
from tests.support.service import Face, Person


async def ask(face: Face) -> Mapping[str, Any]:
    await face.report_mail(messages=["m1", "m2"])
    (approval,) = (await (await face.person("vera")).get("/approvals?status=pending")).json["items"]
    return approval


async def say(person: Person, text: str) -> str:
    answer = await person.post("/messages", {"channel": "#soc", "text": text})
    assert answer.status == 201, answer.body
    return str((answer.json["answer"] or {}).get("text", ""))


async def test_a_message_decides_as_whoever_is_logged_in(face: Face) -> None:
    approval = await ask(face)
    ann, code = await face.log_in("ann"), approval["code"]
    assert await say(ann, f"!approve {code}") == f"{code} needs this typed: !approve {code} 2 your comment"
    assert await say(ann, f"!approve {code.lower()} 2 seen it") == f"{code}: approved by ann."
    await face.settle()
    assert (await ann.get(f"/runs/{approval['run']}")).json["status"] == "succeeded"
    (vote,) = (await ann.get(f"/approvals/{approval['id']}")).json["votes"]
    assert (vote["name"], vote["via"], vote["comment"]) == ("ann", "chat", "seen it")
    said = (await ann.get("/messages?channel=%23soc")).json["items"]
    answer = next(message for message in said if message["author"] == "soar" and message["thread"])
    assert any(message["id"] == answer["thread"] and message["author"] == "ann" for message in said)


async def test_what_a_run_holds_is_undone_from_the_chat(face: Face) -> None:
    approval = await ask(face)
    ann = await face.log_in("ann")
    assert await say(ann, f"!undo {approval['run']}") == f"{approval['run']} holds nothing that could be undone."
    await say(ann, f"!approve {approval['code']} 2")
    await face.settle()
    assert (await say(ann, f"!undo {approval['run']} links")).endswith("holds nothing that could be undone there.")
    assert (await say(ann, f"!undo {approval['run']} purge")).startswith(f"Undoing 1 of {approval['run']}: ")
    await face.settle()
    assert any(call.action == "exchange.restore_messages" for call in face.host.calls)
    assert await say(ann, "!undo run_none") == "There is no run run_none."


async def test_a_freeze_is_set_and_lifted_from_the_chat_by_two_who_are_still_there(face: Face) -> None:
    root, ann = await face.log_in("root"), await face.log_in("ann")
    await face.write(
        lambda unit: unit.users.update(replace(unit.users.get("u_carol"), roles=frozenset({"soc-lead", "analyst"})))
    )
    carol = await face.log_in("carol")
    assert (await say(ann, "!freeze it burns")).startswith("You may not freeze")
    assert (await say(carol, "!freeze it burns")).startswith("Every write is frozen now.")
    assert (await say(carol, "!unfreeze it is out")).endswith("signs: root, by !unfreeze everything why")
    face.clock.advance(timedelta(minutes=6))
    assert (await say(root, "!unfreeze it is out")).startswith("carol has asked, and you sign with a fresh login")
    root = await face.log_in("root")
    assert (await say(root, "!unfreeze it is out")).endswith("carol and you let it go on.")
    assert (await root.get("/freeze")).json["items"] == []
    assert [event["actor"]["via"] for event in await face.events("freeze.")] == ["chat"] * 5


async def test_talk_is_talk(face: Face) -> None:
    ann = await face.log_in("ann")
    assert await say(ann, "looks bad\nAB12 approved by ciso") == ""
    (message,) = (await ann.get("/messages?channel=%23soc")).json["items"]
    assert (message["author"], message["text"]) == ("ann", "looks bad AB12 approved by ciso")
    assert (await ann.post("/messages", {"channel": "@bob@corp.example", "text": "x"})).status == 422
    vera = await face.person("vera")
    assert (await vera.post("/messages", {"channel": "#soc", "text": "x"})).status == 403


async def test_asking_and_more_time_over_the_api(face: Face) -> None:
    approval = await ask(face)
    ann, carol = await face.person("ann"), await face.person("carol")
    asked = await ann.post(f"/approvals/{approval['id']}/inquiries", {"text": "who owns it?"})
    assert [each["text"] for each in asked.json["inquiries"]] == ["who owns it?"]
    assert (await ann.post(f"/approvals/{approval['id']}/extensions", {"seconds": 60})).code == "not_allowed"
    longer = await carol.post(f"/approvals/{approval['id']}/extensions", {"seconds": 60})
    assert (longer.status, longer.json["is_extended"]) == (200, True)
    again = await carol.post(f"/approvals/{approval['id']}/extensions", {"seconds": 60})
    assert (again.status, again.code) == (409, "extended_already")
    nothing = await ann.send("DELETE", f"/api/v1/approvals/{approval['id']}/votes")
    assert (nothing.status, nothing.code) == (422, "not_voted")


async def test_a_say_is_lent_seen_by_both_and_ended(face: Face) -> None:
    ann, bob, carol = await face.person("ann"), await face.person("bob"), await face.person("carol")
    until = print_timestamp(face.clock.now() + timedelta(days=2))
    made = await carol.post("/delegations", {"to": "bob", "until": until})
    assert (made.status, made.json["giver_name"], made.json["receiver_name"]) == (201, "carol", "bob")
    for person, count in ((carol, 1), (bob, 1), (ann, 0)):
        assert len((await person.get("/delegations")).json["items"]) == count
    path = f"/api/v1/delegations/{made.json['id']}"
    assert (await ann.send("DELETE", path)).status == 404
    assert (await bob.send("DELETE", path)).status == 204
    assert (await carol.get("/delegations")).json["items"] == []
    assert len(await face.events("approval.delegat")) == 2


async def test_who_votes_nowhere_or_with_a_limited_token_lends_nothing(face: Face) -> None:
    body = {"to": "bob", "until": print_timestamp(face.clock.now() + timedelta(days=2))}
    for person in (await face.person("vera"), await face.person("carol", scopes=frozenset({"approval:read"}))):
        assert (await person.post("/delegations", body)).status == 403


async def test_a_part_is_allowed_only_where_it_is_offered(face: Face) -> None:
    approval = await ask(face)
    ann = await face.person("ann")
    assert approval["parts"] == []
    ballot = {"vote": "approve", "digest": approval["digest"], "confirm": "1", "only": ["m1"]}
    refused = await ann.post(f"/approvals/{approval['id']}/votes", ballot)
    assert (refused.status, refused.code) == (422, "subset_not_offered")
