"""Lists over the API."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.support.service import Face, Person

OFFICES = "192.0.2.64/26"
TOMORROW = "2026-03-02T09:00:00Z"


async def add(person: Person, value: str = OFFICES, name: str = "partners", **more: object) -> tuple[int, dict]:
    answer = await person.post(f"/lists/{name}/entries", {"value": value, **more})
    return answer.status, answer.json


async def remove(person: Person, value: str, name: str = "partners") -> int:
    return (await person.send("DELETE", f"/api/v1/lists/{name}/entries/{quote(value, safe='')}")).status


async def test_the_first_value_makes_the_list_and_everybody_sees_who_added_what(face: Face) -> None:
    carol, vera = await face.log_in("carol"), await face.person("vera")
    assert (await vera.get("/lists")).json == {"items": [], "next": None}
    status, added = await add(carol, "192.0.2.70/26", note="their offices", expires_at=TOMORROW)
    entry = {
        "id": added["entry"]["id"],
        "value": OFFICES,
        "note": "their offices",
        "added_by": "user:carol@corp.example",
        "added_at": "2026-03-01T09:00:00Z",
        "expires_at": TOMORROW,
    }
    assert (status, added) == (201, {"is_new": True, "entry": entry})
    made = {"name": "partners", "created_at": "2026-03-01T09:00:00Z", "created_by": "user:carol@corp.example"}
    assert (await vera.get("/lists")).json["items"] == [{**made, "entries": 1}]
    assert (await vera.get("/lists/partners")).json == {**made, "items": [entry], "next": None}
    kinds = [(event["type"], event["actor"]["id"]) for event in await face.events("list.")]
    assert kinds == [("list.created", "u_carol"), ("list.entry_added", "u_carol")]


async def test_a_value_that_is_there_already_is_told_so(face: Face) -> None:
    carol = await face.person("carol")
    await add(carol, note="first")
    status, again = await add(carol, note="second", expires_at=TOMORROW)
    assert (status, again["is_new"], again["entry"]["note"]) == (201, False, "first")
    assert len(await face.events("list.entry_added")) == 1


async def test_a_value_is_removed_in_any_of_its_forms(face: Face) -> None:
    carol = await face.person("carol")
    for value in (OFFICES, "2001:db8::1", "a b/../%2e"):
        await add(carol, value)
    for value in ("192.0.2.65/26", "2001:DB8:0::1", "a b/../%2e"):
        assert await remove(carol, value) == 204
        assert await remove(carol, value) == 404
    assert (await carol.get("/lists/partners")).json["items"] == []
    assert (await carol.get("/lists")).json["items"][0]["entries"] == 0
    assert len(await face.events("list.entry_removed")) == 3


async def test_entries_end_when_they_say(face: Face) -> None:
    carol = await face.person("carol")
    await add(carol, expires_at="2026-03-01T10:00:00+00:00")
    face.clock.advance(timedelta(hours=1))
    assert (await carol.get("/lists/partners")).json["items"] == []
    assert await remove(carol, OFFICES) == 404
    assert (await add(carol, expires_at="2026-03-01T10:00:00Z"))[0] == 422


async def test_entries_come_in_pages(face: Face) -> None:
    carol = await face.person("carol")
    for value in ("a", "b", "c"):
        await add(carol, value)
    first = (await carol.get("/lists/partners?limit=2")).json
    rest = (await carol.get(f"/lists/partners?limit=2&cursor={first['next']}")).json
    assert [entry["value"] for entry in (*first["items"], *rest["items"])] == ["c", "b", "a"]
    assert rest["next"] is None


async def test_who_may_read_lists_may_not_change_them(face: Face) -> None:
    ann, carol = await face.person("ann"), await face.person("carol")
    await add(carol)
    status, problem = await add(ann, "a")
    assert (status, problem["code"]) == (403, "missing_permission")
    assert await remove(ann, OFFICES) == 403
    assert (await ann.get("/lists/partners")).status == 200


async def test_an_unknown_list_is_not_found(face: Face) -> None:
    carol = await face.person("carol")
    answer = await carol.get("/lists/partnres")
    assert (answer.status, answer.code) == (404, "not_found")
    assert await remove(carol, "a", name="partnres") == 404


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Partners", {"value": "a"}),
        ("partners", {"value": ""}),
        ("partners", {"value": "  "}),
        ("partners", {"value": "x" * 1_001}),
        ("partners", {"value": "a", "note": "x" * 1_001}),
        ("partners", {"value": "a", "expires_at": "2026-03-02T09:00:00"}),
        ("partners", {"value": "a", "expires_at": "2026-03-01T09:00:00Z"}),
        ("partners", {"value": "a", "until": TOMORROW}),
    ],
)
async def test_what_does_not_fit_is_refused_and_makes_no_list(face: Face, name: str, sent: dict[str, object]) -> None:
    carol = await face.person("carol")
    assert (await carol.post(f"/lists/{name}/entries", sent)).status == 422
    assert (await carol.get("/lists")).json["items"] == []
    assert await face.events("list.") == []
