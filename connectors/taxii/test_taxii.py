import base64

import httpx
import pytest

from connectors.taxii.connector import Taxii
from soar.sdk import AuthError, PermanentError, RateLimitedError
from soar.sdk.testing import SECRET, Bench

URL = "https://intel.example/api/collections/91a7/"
BENCH = Bench(Taxii, hosts={"intel.example"}, settings={"user": "soar"}, credentials={"password": SECRET})
COLLECTION = {"url": URL, "types": ["indicator"], "limit": 2}


class Server:
    """A collection whose objects were added a second after another."""

    def __init__(self, count: int, *, forgets: bool = False) -> None:
        self.count = count
        self.forgets = forgets
        self.asked: list[dict[str, str]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/collections/91a7/objects/"
        assert request.headers["accept"] == "application/taxii+json;version=2.1"
        expected = base64.b64encode(f"soar:{SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {expected}"
        params = dict(request.url.params)
        self.asked.append(params)
        if "next" in params and self.forgets:
            self.forgets = False
            return httpx.Response(404, json={"title": "unknown page"})
        begin = int(params.get("next", 0)) or int(params.get("added_after", "0Z").rstrip("Z")[-2:])
        found = range(begin, min(begin + int(params["limit"]), self.count))
        objects = [{"type": "indicator", "id": f"indicator--{n}", "modified": f"m{n}"} for n in found]
        has_more = begin + len(objects) < self.count
        body = {"more": has_more, "objects": objects, **({"next": str(begin + len(objects))} if has_more else {})}
        headers = {"X-TAXII-Date-Added-Last": f"2026-03-01T09:00:{found[-1] + 1:02}Z"} if objects else {}
        return httpx.Response(200, json=body, headers=headers)


async def test_a_collection_is_read_to_its_end_and_then_what_was_added() -> None:
    server = Server(5)
    batches = await BENCH.poll("collection", COLLECTION, server.handle)
    keys = [item.key for batch in batches for item in batch.items]
    assert keys == [f"indicator--{n} m{n}" for n in range(5)]
    assert [batch.cursor for batch in batches] == [
        {"added_after": None, "next": "2"},
        {"added_after": None, "next": "4"},
        {"added_after": "2026-03-01T09:00:05Z", "next": None},
    ]
    assert server.asked[0] == {"limit": "2", "match[type]": "indicator"}
    server.count = 6
    (batch,) = await BENCH.poll("collection", COLLECTION, server.handle, batches[-1].cursor)
    assert [item.document["id"] for item in batch.items] == ["indicator--5"]
    (batch,) = await BENCH.poll("collection", COLLECTION, server.handle, batch.cursor)
    assert (batch.items, batch.cursor) == ([], {"added_after": "2026-03-01T09:00:06Z", "next": None})


async def test_a_page_that_the_server_has_forgotten_begins_the_round_anew() -> None:
    server = Server(3, forgets=True)
    batches = await BENCH.poll("collection", COLLECTION, server.handle, {"added_after": None, "next": "2"})
    assert [len(batch.items) for batch in batches] == [2, 1]


async def test_a_collection_can_be_begun_at_a_moment() -> None:
    server = Server(0)
    await BENCH.poll("collection", {**COLLECTION, "added_after": "2026-01-01T00:00:00Z"}, server.handle)
    assert server.asked[0]["added_after"] == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(401, "{}", AuthError), (404, "{}", PermanentError), (429, "{}", RateLimitedError), (200, "[]", PermanentError)],
)
async def test_what_a_server_refuses_is_told_apart(status: int, body: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await BENCH.poll("collection", COLLECTION, lambda _request: httpx.Response(status, text=body))


async def test_an_empty_envelope_ends_it() -> None:
    (batch,) = await BENCH.poll("collection", COLLECTION, lambda _request: httpx.Response(200, json={}))
    assert (batch.items, batch.cursor) == ([], {"added_after": None, "next": None})
