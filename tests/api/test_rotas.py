"""Who is on call, over the API."""

from tests.support.service import Face


async def test_whoever_is_on_call_is_told_with_whom_the_address_means(face: Face) -> None:
    vera = await face.person("vera")
    (night,) = (await vera.get("/oncall?name=night&at=2026-03-03T12:00:00Z")).json["items"]
    assert night["people"] == [{"email": "carol@corp.example", "name": "carol"}]
    assert night["until"] == "2026-03-09T09:00:00Z"
    assert night["following"] == [{"email": "gone@corp.example", "name": None}]
    (later,) = (await vera.get("/oncall?name=night&at=2026-03-10T12:00:00Z")).json["items"]
    assert later["people"] == [{"email": "gone@corp.example", "name": None}]
    everything = (await vera.get("/oncall")).json["items"]
    assert [rota["name"] for rota in everything] == ["empty", "incident-commander", "night"]
    assert everything[0]["people"] == []
    unknown = await vera.get("/oncall?name=nights")
    assert (unknown.status, unknown.code) == (404, "not_found")
    assert (await vera.get("/oncall?at=2026-03-03T12:00:00")).status == 422
