"""Bytes that are no HTTP: answered, and told in one short line that shows nothing of them."""

import asyncio
import json
import logging
import re

import pytest

from tests.support.service import Face

FORGED = b'\x1b[2K\n{"event": "approved"}\xff'


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00" + FORGED,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + FORGED + b"\r\n\r\n",
        b"GET /" + 9_000 * b"a" + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n",
        b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["no HTTP", "version", "header", "long", "nul", "smuggled"],
)
async def test_a_malformed_request_is_one_short_line(face: Face, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="soar.http")
    answer = await exchange(face, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 Bad Request" in head
    assert [line for line in head.split(b"\r\n") if line.startswith(b"Server:")] == [b"Server: soar"]
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (400, "invalid")
    assert not re.search(rb"aiohttp|python|a{20}|approved", answer, re.IGNORECASE)
    (told,) = [record for record in caplog.records if record.getMessage().startswith("a request was no HTTP: ")]
    assert len(told.getMessage()) < 60
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("length", [b"zz", b"5\r\nabcdeXX\r\n", b"-1"])
async def test_a_body_in_broken_chunks_is_refused(face: Face, length: bytes, caplog: pytest.LogCaptureFixture) -> None:
    head = (
        b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert b" 400 " in await exchange(face, head + length + b"\r\n")
    assert [record for record in caplog.records if record.exc_info] == []


async def exchange(face: Face, sent: bytes) -> bytes:
    """Send bytes and return the answer."""
    host, port = face.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
