"""Where a request comes from, when proxies stand in between."""

from tests.support.service import PASSWORD, Face, Person

CLIENT, LIE = "198.51.100.7", "192.0.2.66"


def through(face: Face, hops: str, person: Person | None = None) -> Person:
    headers = {**(person.headers if person else {}), "X-Forwarded-For": hops}
    return Person(face.http, face.running.url, headers)


async def test_logins_and_the_record_know_the_client(face: Face) -> None:
    answer = await through(face, f"{LIE}, {CLIENT}").post("/session", {"name": "ann", "password": PASSWORD})
    assert answer.status == 200
    (event,) = await face.events("session.started")
    assert event["actor"]["ip"] == CLIENT
    ann = await face.person("ann")
    (login,) = [login for login in (await ann.get("/sessions")).json["items"] if login["ip"]]
    assert login["ip"] == CLIENT


async def test_the_other_header_is_not_read(face: Face) -> None:
    stranger = Person(face.http, face.running.url, {"Forwarded": f"for={LIE}"})
    assert (await stranger.post("/session", {"name": "ann", "password": PASSWORD})).status == 200
    (event,) = await face.events("session.started")
    assert event["actor"]["ip"] == "127.0.0.1"


async def test_the_networks_of_a_token_are_about_the_client(face: Face) -> None:
    ann = await face.person("ann")
    wanted = {"name": "t", "scopes": ["run:read"], "networks": ["198.51.100.0/24"]}
    text = (await ann.post("/tokens", wanted)).json["token"]
    bound = Person(face.http, face.running.url, {"Authorization": f"Bearer {text}"})
    assert (await through(face, CLIENT, bound).get("/runs")).status == 200
    for hops in (LIE, f"{CLIENT}, {LIE}", "garbage"):
        assert (await through(face, hops, bound).get("/runs")).status == 401
    assert (await bound.get("/runs")).status == 401


async def test_waits_are_for_the_address_that_guesses(face: Face) -> None:
    for number in range(30):
        guess = {"name": f"nobody-{number}", "password": "a wrong one"}
        await through(face, f"192.0.2.{number}, {CLIENT}").post("/session", guess)
    good = {"name": "ann", "password": PASSWORD}
    assert (await through(face, CLIENT).post("/session", good)).status == 429
    assert (await through(face, "203.0.113.9").post("/session", good)).status == 200


async def test_deliveries_and_streams_come_through_a_proxy(face: Face) -> None:
    ann = through(face, CLIENT, await face.person("ann"))
    async with face.http.get(f"{face.running.url}/api/v1/stream", headers=ann.headers) as stream:
        assert await stream.content.readline() == b": here\n"
    alert = {"kind": "mail", "title": "harmless", "from": "eve@evil.test"}
    assert (await ann.post("/alerts", {"source": "probe", "alert": alert})).status == 202
