"""Topics of Kafka, by a REST proxy.

https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v2
"""

import base64
import binascii
from collections.abc import AsyncIterator, Sequence

import httpx
from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from soar.sdk import (
    Arguments,
    Batch,
    Connector,
    Feed,
    Item,
    PermanentError,
    header,
    path,
    read_document,
    read_message,
    trigger,
)

_PLAIN = "application/vnd.kafka.v2+json"
_BINARY = "application/vnd.kafka.binary.v2+json"
_WAIT = 5_000  # milliseconds that the proxy waits for more
_LOOKS = 12
_MOST_BYTES = 1024 * 1024  # of keys and values that the proxy answers at once, unless one record is larger
_MOST_ITEMS = 1_000


class Read(Arguments):
    """What is read."""

    url: str = Field(description="The proxy's URL, up to what comes before `/consumers`.")
    topics: tuple[str, ...] = Field(min_length=1, max_length=100, description="The topics.")
    group: str = Field(default="soar", min_length=1, description="The consumer group, which keeps how far it has read.")
    consumer: str = Field(
        default="soar", min_length=1, description="The name of the one consumer in it; no other source may have it."
    )
    about: str = Field(
        default="", description="The field that `topic`, `partition`, `offset` and `key` are put into; empty: none."
    )


class _Instance(BaseModel):
    base_uri: str


class _Record(BaseModel):
    """A record, with key and value in base64."""

    topic: str
    partition: int
    offset: int
    key: str | None = None
    value: str | None = None


_RECORDS = TypeAdapter(list[_Record])


class Kafka(Connector):
    """Listens to topics."""

    @trigger(title="Consume topics")
    async def topics(self, feed: Feed, arguments: Read, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is there, wait for more for a minute, and commit the offsets of what is on the disk.

        Whatever goes wrong, a new consumer begins where the last commit ends.
        """
        proxy = _Proxy(feed, arguments)
        await proxy.subscribe()
        looks = 0
        while looks < _LOOKS:
            records = await proxy.read()
            looks += 1
            for start in range(0, len(records), _MOST_ITEMS):
                stored = records[start : start + _MOST_ITEMS]
                yield Batch(items=[_build_item(record, arguments.about) for record in stored], cursor=cursor)
                await proxy.commit(stored)
                looks = 0
        await proxy.leave()


class _Proxy:
    """A consumer that a proxy keeps.

    Args:
        feed: the connection to the proxy.
        arguments: whose consumer it is.
    """

    def __init__(self, feed: Feed, arguments: Read) -> None:
        self._feed = feed
        self._arguments = arguments
        self._group = arguments.url.rstrip("/") + path("/consumers/{group}", group=arguments.group)
        self._instance = self._group + path("/instances/{consumer}", consumer=arguments.consumer)

    async def subscribe(self) -> None:
        """Make the consumer anew: one that is left over from a crash has read what was never stored."""
        await self.leave()
        settings: JsonValue = {
            "name": self._arguments.consumer,
            "format": "binary",
            "auto.offset.reset": "earliest",
            "auto.commit.enable": "false",
        }
        answer = await self._post(self._group, settings)
        made = read_document(answer, _Instance, "the proxy answers something that is no consumer")
        self._instance = made.base_uri.rstrip("/")
        await self._post(f"{self._instance}/subscription", {"topics": [*self._arguments.topics]})

    async def read(self) -> list[_Record]:
        """Return what comes next; the proxy takes it for read, but not for committed."""
        params = {"timeout": str(_WAIT), "max_bytes": str(_MOST_BYTES)}
        headers = {"Accept": _BINARY, **self._authorise()}
        url = f"{self._instance}/records"
        answer = self._feed.check(await self._feed.http.get(url, params=params, headers=headers))
        try:
            return _RECORDS.validate_json(answer.content)
        except ValidationError as error:
            raise PermanentError("the proxy answers what are no records") from error

    async def commit(self, records: Sequence[_Record]) -> None:
        """Say how far everything is stored.

        Each partition's last offset is named: a commit that names none would count what the proxy has fetched and not
        handed out yet.
        """
        last: dict[tuple[str, int], int] = {}
        for record in records:
            place = (record.topic, record.partition)
            last[place] = max(record.offset, last.get(place, 0))
        offsets: JsonValue = [
            {"topic": topic, "partition": number, "offset": last[topic, number]} for topic, number in last
        ]
        await self._post(f"{self._instance}/offsets", {"offsets": offsets})

    async def leave(self) -> None:
        """Have the consumer forgotten, if there is one."""
        headers = {"Accept": _PLAIN, "Content-Type": _PLAIN, **self._authorise()}
        answer = await self._feed.http.delete(self._instance, headers=headers)
        if answer.status_code != httpx.codes.NOT_FOUND:
            self._feed.check(answer)

    async def _post(self, url: str, body: JsonValue) -> httpx.Response:
        headers = {"Accept": _PLAIN, "Content-Type": _PLAIN, **self._authorise()}
        return self._feed.check(await self._feed.http.post(url, json=body, headers=headers))

    def _authorise(self) -> dict[str, str]:
        if "token" in self._feed.credentials:
            return {"Authorization": header("Authorization", f"Bearer {self._feed.secret('token').reveal()}")}
        if "password" in self._feed.credentials:
            pair = f"{self._feed.settings['user']}:{self._feed.secret('password').reveal()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}


def _build_item(record: _Record, about: str) -> Item:
    traits: dict[str, JsonValue] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _decode(record.key).decode("utf-8", "replace"),
    }
    key = f"{record.topic} {record.partition} {record.offset}"
    return Item(key=key, document=read_message(_decode(record.value), about, traits))


def _decode(text: str | None) -> bytes:
    """Return what is in base64; nothing where there is none, as where a record deletes another."""
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error as error:
        raise PermanentError("the proxy answers a record that is not in base64") from error
