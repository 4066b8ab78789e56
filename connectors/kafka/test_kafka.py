import base64
import json

import httpx
import pytest
import respx

from connectors.kafka.connector import Kafka
from soar.sdk import AuthError, EgressRefusedError, PermanentError, RateLimitedError
from soar.sdk.testing import SECRET, Bench

HOST = "proxy.example"
INSTANCE = f"https://{HOST}/consumers/soc/instances/soar"
BENCH = Bench(Kafka, hosts={HOST}, settings={"user": "soar"}, credentials={"password": SECRET})
READ = {"url": f"https://{HOST}/", "topics": ["alerts"], "group": "soc", "about": "kafka"}
PLAIN = "application/vnd.kafka.v2+json"


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Proxy:
    """One group's consumer, in small."""

    def __init__(self, *values: bytes, at_once: int = 100) -> None:
        self.values = values
        self.at_once = at_once
        self.committed = 0
        self.position: int | None = None
        self.log: list[str] = []
        self.base_uri = INSTANCE
        self.records: httpx.Response | None = None

    async def handle(self, request: httpx.Request) -> httpx.Response:
        router = respx.Router(assert_all_called=False)
        router.delete(INSTANCE).mock(side_effect=self._forget)
        router.post(f"https://{HOST}/consumers/soc").mock(side_effect=self._make)
        router.post(f"{INSTANCE}/subscription", json={"topics": ["alerts"]}).respond(204)
        router.get(f"{INSTANCE}/records").mock(side_effect=self._read)
        router.post(f"{INSTANCE}/offsets").mock(side_effect=self._commit)
        assert request.headers["authorization"] == f"Basic {encode(f'soar:{SECRET}'.encode())}"
        self.log.append(f"{request.method} {request.url.path.removeprefix('/consumers/soc')}".strip())
        answer: httpx.Response = await router.async_handler(request)
        return answer

    def _forget(self, _request: httpx.Request) -> httpx.Response:
        was, self.position = self.position, None
        return httpx.Response(404 if was is None else 204)

    def _make(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == PLAIN
        assert json.loads(request.content) == {
            "name": "soar",
            "format": "binary",
            "auto.offset.reset": "earliest",
            "auto.commit.enable": "false",
        }
        if self.position is not None:
            return httpx.Response(409, json={"error_code": 40902, "message": "already exists"})
        self.position = self.committed
        return httpx.Response(200, json={"instance_id": "soar", "base_uri": self.base_uri})

    def _read(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["accept"] == "application/vnd.kafka.binary.v2+json"
        assert self.position is not None
        begin, self.position = self.position, min(self.position + self.at_once, len(self.values))
        records = [
            {"topic": "alerts", "key": encode(b"k"), "value": encode(self.values[n]), "partition": n % 2, "offset": n}
            for n in range(begin, self.position)
        ]
        return self.records or httpx.Response(200, json=records)

    def _commit(self, request: httpx.Request) -> httpx.Response:
        offsets = json.loads(request.content)["offsets"]
        assert {one["topic"] for one in offsets} == {"alerts"}
        assert {one["partition"] for one in offsets} <= {0, 1}
        self.committed = max(one["offset"] for one in offsets) + 1
        return httpx.Response(204)


async def test_records_become_items_and_are_committed_when_they_are_stored() -> None:
    proxy = Proxy(b'{"kind": "login"}', b"plain", b"", at_once=2)
    batches = await BENCH.poll("topics", READ, proxy.handle)
    assert [[item.key for item in batch.items] for batch in batches] == [["alerts 0 0", "alerts 1 1"], ["alerts 0 2"]]
    about = [{"topic": "alerts", "partition": n % 2, "offset": n, "key": "k"} for n in range(3)]
    assert [item.document for batch in batches for item in batch.items] == [
        {"kind": "login", "kafka": about[0]},
        {"text": "plain", "kafka": about[1]},
        {"text": "", "kafka": about[2]},
    ]
    assert proxy.committed == 3
    assert proxy.log[:6] == [
        "DELETE /instances/soar",
        "POST",
        "POST /instances/soar/subscription",
        "GET /instances/soar/records",
        "POST /instances/soar/offsets",
        "GET /instances/soar/records",
    ]
    assert proxy.log.count("GET /instances/soar/records") == 2 + 12
    assert proxy.log[-1] == "DELETE /instances/soar"


async def test_what_was_read_and_not_stored_is_read_again_by_a_new_consumer() -> None:
    proxy = Proxy(*[b"{}"] * 5, at_once=3)
    (batch,) = await BENCH.poll("topics", READ, proxy.handle, most=1)
    assert (proxy.committed, proxy.position) == (0, 3)
    batches = await BENCH.poll("topics", READ, proxy.handle)
    assert [item.key for item in batches[0].items] == [item.key for item in batch.items]
    assert sum(len(batch.items) for batch in batches) == 5
    assert proxy.committed == 5


async def test_an_answer_of_many_records_is_committed_piece_by_piece() -> None:
    proxy = Proxy(*[b"{}"] * 1_001, at_once=2_000)
    (batch,) = await BENCH.poll("topics", READ, proxy.handle, most=1)
    assert len(batch.items) == 1_000
    proxy.position = None
    batches = await BENCH.poll("topics", READ, proxy.handle, most=2)
    assert [len(batch.items) for batch in batches] == [1_000, 1]
    assert proxy.committed == 1_000


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (httpx.Response(401, text="who?"), AuthError, "401"),
        (httpx.Response(403, text="no"), AuthError, "403"),
        (httpx.Response(404, json={"error_code": 40403}), PermanentError, "404"),
        (httpx.Response(429, headers={"Retry-After": "9"}), RateLimitedError, "429"),
        (httpx.Response(200, text="hello"), PermanentError, "no records"),
        (httpx.Response(200, json={"records": []}), PermanentError, "no records"),
        (
            httpx.Response(200, json=[{"topic": "a", "partition": 0, "offset": 0, "value": "{}"}]),
            PermanentError,
            "not in base64",
        ),
    ],
)
async def test_a_proxy_that_answers_otherwise_is_told_apart(
    answer: httpx.Response, error: type[Exception], says: str
) -> None:
    proxy = Proxy(b"{}")
    proxy.records = answer
    with pytest.raises(error, match=says):
        await BENCH.poll("topics", READ, proxy.handle)
    assert proxy.committed == 0


async def test_a_proxy_that_names_another_host_is_not_followed() -> None:
    proxy = Proxy(b"{}")
    proxy.base_uri = "http://169.254.169.254/latest"
    with pytest.raises(EgressRefusedError):
        await BENCH.poll("topics", READ, proxy.handle)
