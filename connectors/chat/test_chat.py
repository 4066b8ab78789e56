from typing import Any

import pytest
import respx

from connectors.chat.connector import LIMIT, Chat
from soar.sdk import ActionCode
from soar.sdk.testing import Bench

NO_NETWORK = respx.Router()


async def post(name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    """Call twice with the same key and return what was posted once."""
    bench = Bench(Chat)
    first = await bench.call(name, arguments, NO_NETWORK.async_handler, key="key-1")
    second = await bench.call(name, arguments, NO_NETWORK.async_handler, key="key-1")
    assert first.output == second.output == {"message": "msg_0"}
    (message,) = bench.messages.posted.values()
    return message


@pytest.mark.parametrize("user", ["ann", "@ann"])
async def test_a_person_is_written_to_once(user: str) -> None:
    assert await post("dm", {"user": user, "text": "Hello\n\tthere"}) == ("@ann", "Hello\n\tthere")


@pytest.mark.parametrize("channel", ["soc-phishing", "#soc-phishing"])
async def test_a_room_is_written_to_once(channel: str) -> None:
    assert await post("post", {"channel": channel, "text": "Hello"}) == ("#soc-phishing", "Hello")


async def test_another_key_is_another_message() -> None:
    bench = Bench(Chat)
    for key in ("key-1", "key-2"):
        await bench.call("post", {"channel": "soc", "text": "Hello"}, NO_NETWORK.async_handler, key=key)
    assert len(bench.messages.posted) == 2


@pytest.mark.parametrize("name", ["inc-run_7k2m", "#inc-run_7k2m"])
async def test_a_room_is_opened_once_for_those_who_are_invited(name: str) -> None:
    bench = Bench(Chat)
    arguments = {"name": name, "invite": ["role:soc-lead", "user:ann@corp.example"]}
    first = await bench.call("create_channel", arguments, NO_NETWORK.async_handler)
    second = await bench.call("create_channel", arguments, NO_NETWORK.async_handler)
    assert first.output == second.output == {"channel": "#inc-run_7k2m"}
    assert bench.messages.opened == {"key-1": ("#inc-run_7k2m", ("role:soc-lead", "user:ann@corp.example"))}


async def test_a_room_may_be_opened_for_nobody_in_particular() -> None:
    bench = Bench(Chat)
    await bench.call("create_channel", {"name": "soc"}, NO_NETWORK.async_handler)
    assert bench.messages.opened == {"key-1": ("#soc", ())}


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "Two words"},
        {"name": "soc", "invite": ["ann"]},
        {"name": "soc", "invite": ["user:ann"]},
        {"name": "soc", "invite": ["oncall:soc"]},
        {"name": "soc", "invite": ["role:soc-lead\n"]},
        {"name": "soc", "invite": ["role:soc-lead"] * 51},
        {"name": "soc", "topic": "x"},
    ],
)
async def test_a_room_that_cannot_be_opened_is_refused(arguments: dict[str, Any]) -> None:
    bench = Bench(Chat)
    answer = await bench.call("create_channel", arguments, NO_NETWORK.async_handler)
    assert answer.code is ActionCode.INVALID
    assert bench.messages.opened == {}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2069\u200bb\ufeff", "ab"),
        ("a\r\nb", "a\nb"),
        ("<!channel> *bold* <b>", "<!channel> *bold* <b>"),
    ],
)
async def test_hostile_characters_are_taken_out_and_markup_stays_text(text: str, clean: str) -> None:
    assert await post("post", {"channel": "soc", "text": text}) == ("#soc", clean)


@pytest.mark.parametrize(("length", "end"), [(LIMIT, "x"), (LIMIT + 1, "…")])
async def test_a_long_text_is_cut(length: int, end: str) -> None:
    _, text = await post("post", {"channel": "soc", "text": "x" * length})
    assert len(text) == LIMIT
    assert text[-1] == end


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("post", {"channel": "#soc phishing", "text": "x"}),
        ("post", {"channel": "", "text": "x"}),
        ("post", {"channel": "@ann", "text": "x"}),
        ("post", {"channel": "soc\n", "text": "x"}),
        ("post", {"channel": "soc", "text": ""}),
        ("dm", {"user": "", "text": "x"}),
        ("dm", {"user": "a b", "text": "x"}),
        ("dm", {"user": "ann", "text": "x", "html": "<b>"}),
    ],
)
async def test_what_cannot_be_posted_is_refused(name: str, arguments: dict[str, str]) -> None:
    bench = Bench(Chat)
    answer = await bench.call(name, arguments, NO_NETWORK.async_handler)
    assert answer.code is ActionCode.INVALID
    assert bench.messages.posted == {}
