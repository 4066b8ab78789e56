"""Redis streams."""

import json
from collections.abc import AsyncIterator

from pydantic import Field, JsonValue

from soar.sdk import Arguments, Batch, Connector, Feed, Item, PermanentError, Stream, trigger

from .wire import RefusedError, Reply, ask

_WAIT = 5_000  # milliseconds that the server waits for more
_LOOKS = 12


class Read(Arguments):
    """Which stream is read."""

    stream: str = Field(min_length=1, description="The key of the stream.")
    group: str = Field(default="soar", min_length=1, description="The consumer group; it is made if it is not there.")
    field: str = Field(
        default="", description="The field of an entry that holds the alert as JSON; empty: the entry is the alert."
    )
    count: int = Field(default=100, ge=1, le=1000, description="How many entries are read at once.")


class Redis(Connector):
    """Listens to streams."""

    @trigger(title="Consume a stream")
    async def stream(self, feed: Feed, arguments: Read, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is there, wait for more for a minute, and acknowledge what is on the disk."""
        host, port = str(feed.settings["host"]), int(str(feed.settings["port"]))
        async with feed.dial.open(host, port, is_secure=feed.settings["tls"] is True) as stream:
            await _sign_in(stream, feed)
            await _make_group(stream, arguments)
            is_left, looks = True, 0  # what was read before and not acknowledged comes first
            while is_left or looks < _LOOKS:
                entries = await _read(stream, arguments, is_left=is_left)
                if not entries:
                    is_left, looks = False, looks + (not is_left)
                    continue
                items = [_build_item(name, fields, arguments.field) for name, fields in entries if fields]
                yield Batch(items=items, cursor=cursor)
                await ask(stream, "XACK", arguments.stream, arguments.group, *(name for name, _ in entries))
                looks = 0


async def _sign_in(stream: Stream, feed: Feed) -> None:
    if "password" in feed.credentials:
        await ask(stream, "AUTH", str(feed.settings["user"]), feed.secret("password").reveal())


async def _make_group(stream: Stream, arguments: Read) -> None:
    try:
        await ask(stream, "XGROUP", "CREATE", arguments.stream, arguments.group, "0", "MKSTREAM")
    except RefusedError as error:
        if not error.message.startswith("BUSYGROUP"):
            raise


async def _read(stream: Stream, arguments: Read, *, is_left: bool) -> list[tuple[str, dict[str, str]]]:
    """Return entries by name: those that were not acknowledged, or new ones; there is one consumer, whoever it is."""
    block = () if is_left else ("BLOCK", str(_WAIT))
    words = ("XREADGROUP", "GROUP", arguments.group, "soar", "COUNT", str(arguments.count), *block)
    answer = await ask(stream, *words, "STREAMS", arguments.stream, "0" if is_left else ">")
    match answer:
        case None:
            return []
        case [[_, [*entries]]]:
            return [_read_entry(entry) for entry in entries]
        case _:
            raise PermanentError("the server answers something that is no stream")


def _read_entry(entry: Reply) -> tuple[str, dict[str, str]]:
    match entry:
        case [bytes(name), [*words]] if len(words) % 2 == 0:
            texts = [word.decode("utf-8", "replace") if isinstance(word, bytes) else "" for word in words]
            return name.decode(), dict(zip(texts[::2], texts[1::2], strict=True))
        case [bytes(name), None]:  # read before, and deleted since
            return name.decode(), {}
        case _:
            raise PermanentError("the server answers something that is no entry of a stream")


def _build_item(name: str, fields: dict[str, str], field: str) -> Item:
    document: dict[str, JsonValue] = {**fields}
    if field in fields:
        try:
            found = json.loads(fields[field])
        except (ValueError, RecursionError):
            found = None
        document = found if isinstance(found, dict) else document
    return Item(key=name, document=document)
