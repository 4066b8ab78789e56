"""Erasing from the record, over the API."""

from dataclasses import replace
from typing import cast

from soar.ingest.source import Source, parse_source
from soar.model.identity import Role
from soar.model.values import JsonValue
from tests.support.service import SOURCES, Answer, Face, Person


async def make_admin(face: Face, name: str) -> Person:
    user = await face.read(lambda unit: unit.users.get(f"u_{name}"))
    assert user is not None
    await face.write(lambda unit: unit.users.update(replace(user, roles=frozenset({Role.ADMIN.value}))))
    return await face.person(name)


async def erase(person: Person, kind: str, id_: str) -> Answer:
    return await person.post("/audit/erasures", {"kind": kind, "id": id_, "reason": "was asked for"})


async def test_two_admins_erase_a_person_and_the_record_is_sound(face: Face) -> None:
    ann = await face.person("ann")
    await face.report_mail(messages=["m1"])
    (run,) = (await ann.get("/runs")).json["items"]
    assert (await ann.post(f"/runs/{run['id']}/cancel", {"reason": "ann knows better"})).status < 300
    root, other = await face.person("root"), await make_admin(face, "vera")
    asked = await erase(root, "user", "u_ann")
    assert (asked.status, asked.json["status"]) == (200, "requested")
    again = await erase(root, "user", "u_ann")
    assert (again.status, again.code) == (403, "second_person")
    done = await erase(other, "user", "u_ann")
    assert (done.json["status"], done.json["events"]) == ("confirmed", asked.json["events"])
    page = (await root.get("/audit?actor=u_ann")).json["items"]
    assert page != []
    for event in page:
        assert (event["actor"]["name"], event["reason"]) == (None, None)
        assert "actor.name" in event["erased"]
    verdict = (await root.post("/audit/verify")).json
    assert verdict["is_sound"], verdict["summary"]
    assert any(remark.startswith("1 tombstone: ") for remark in verdict["remarks"])
    assert [event["actor"]["id"] for event in await face.events("erasure.")] == ["u_root", "u_vera"]


async def test_only_admins_erase(face: Face) -> None:
    for name in ("olga", "carol", "ann"):
        assert (await erase(await face.person(name), "user", "u_ann")).status == 403


async def test_what_the_record_does_not_hold_is_not_found(face: Face) -> None:
    root = await face.person("root")
    unknown = await erase(root, "alert", "al_none")
    assert (unknown.status, unknown.code) == (404, "nothing_to_erase")
    assert (await erase(root, "case", "c_1")).status == 422


async def test_what_is_kept_of_an_alerts_repeats_goes_with_what_the_record_says_of_it(face: Face) -> None:
    sources = cast("dict[str, Source]", face.services.receiver.sources)
    grouped = {**SOURCES["probe"], "group": {"by": "fingerprint", "window": "10m"}}
    alert: JsonValue = {"kind": "raw.kind", "title": "raw.title", "fingerprint": "raw.title"}
    sources["probe"] = parse_source({**grouped, "alert": alert}, "probe")
    (first, *_) = [(await face.report_mail(messages=[f"m{number}"])).json["alert"] for number in range(3)]
    root, other = await face.person("root"), await make_admin(face, "vera")
    (run,) = (await root.get("/runs")).json["items"]
    assert (await root.post(f"/runs/{run['id']}/cancel", {"reason": "root knows better"})).status < 300
    kept = await face.read(lambda unit: unit.bursts.samples(first))
    assert [sample.raw["messages"] for sample in kept] == [["m1"], ["m2"]]
    for admin in (root, other):
        assert (await erase(admin, "alert", first)).status == 200
    assert await face.read(lambda unit: unit.bursts.samples(first)) == ()
    (burst,) = (await face.read(lambda unit: unit.bursts.find([first]))).values()
    assert burst.count == 3
