"""Where other products could be made to call, and what came back."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from soar.model.network import EgressRequest, EgressResponse
from soar.sdk import path
from soar.sdk.egress import HttpEgress
from soar.sdk.errors import ActionInputError, EgressRefusedError, UnknownOutcomeError
from soar.sdk.target import check_address
from tests.security.neighbours.table import answers

NAME = "box.product.example"


class Product:
    """Answers every request with the same bytes, and remembers the requests' first lines."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.seen: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append((await reader.readline()).decode("latin-1").strip())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_product(answer: bytes) -> AsyncIterator[Product]:
    product = Product(answer)
    server = await asyncio.start_server(product.serve, "127.0.0.1", 0)
    product.port = server.sockets[0].getsockname()[1]
    async with server:
        yield product


async def send(
    url: str, *addresses: str, host: str = NAME, is_private: bool = True, limit: int = 1_000
) -> EgressResponse:
    """Send a request whose host has these addresses; without any, the system is asked."""

    async def lookup(_: str) -> Sequence[str]:
        return addresses

    egress = HttpEgress(lookup) if addresses else HttpEgress()
    hosts = frozenset({host})
    try:
        return await egress.send(
            EgressRequest(
                method="GET",
                url=url,
                headers=(),
                body=b"",
                hosts=hosts,
                private_hosts=hosts if is_private else frozenset(),
                timeout=5.0,
                limit=limit,
            )
        )
    finally:
        await egress.close()


def answer_with(status: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", "")
    return "\r\n".join(lines).encode() + body


@answers("CVE-2022-38298", "CVE-2020-14328")
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.16689662",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "fe80::a9fe:a9fe",
    ],
)
async def test_the_metadata_of_a_cloud_is_called_by_no_spelling(host: str) -> None:
    spelled = f"[{host}]" if ":" in host else host
    with pytest.raises(EgressRefusedError):
        await send(f"http://{spelled}/latest/meta-data/", host=host)


@answers("CVE-2026-58418")
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
async def test_a_redirect_leads_nowhere(status: str) -> None:
    async with open_product(answer_with("200 OK", b"inside")) as inside:
        location = f"Location: http://127.0.0.1:{inside.port}/latest/meta-data/"
        async with open_product(answer_with(status, b"", location)) as product:
            answer = await send(f"http://{NAME}:{product.port}/", "127.0.0.1")
            assert answer.status == int(status[:3])
            assert len(product.seen) == 1
    assert inside.seen == []


@answers("CVE-2025-59956")
async def test_a_name_that_changes_its_mind_is_looked_at_again() -> None:
    turns: list[Sequence[str]] = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]]

    async def lookup(_: str) -> Sequence[str]:
        return turns.pop(0)

    async with open_product(answer_with("200 OK", b"hello")) as product:
        egress = HttpEgress(lookup)
        hosts = frozenset({NAME})
        request = EgressRequest(
            method="POST",
            url=f"http://{NAME}:{product.port}/",
            headers=(),
            body=b"",
            hosts=hosts,
            private_hosts=hosts,
            timeout=5.0,
        )
        assert (await egress.send(request)).body == b"hello"
        for _ in range(2):
            with pytest.raises(EgressRefusedError):
                await egress.send(request)
        await egress.close()
        assert len(product.seen) == 1
    assert turns == []


@answers("CVE-2024-49753")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "::"])
async def test_a_name_that_leads_inside_is_not_called_unless_it_is_meant_to(address: str) -> None:
    with pytest.raises(EgressRefusedError, match="no public address"):
        await send(f"https://{NAME}/", address, is_private=False)


@answers("GHSA-7jmw-8259-q9jx")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254"])
def test_an_address_in_another_form_is_the_same_address(address: str) -> None:
    for text in (address, f"::ffff:{address}", f"64:ff9b::{address}"):
        with pytest.raises(EgressRefusedError):
            check_address(text, may_be_private=False)
    check_address("::ffff:8.8.8.8", may_be_private=False)


@answers("CVE-2022-31105", "CVE-2020-35662")
async def test_a_server_that_does_not_prove_its_name_is_told_nothing() -> None:
    async with open_product(answer_with("200 OK", b"hello")) as product:
        with pytest.raises(EgressRefusedError, match="does not prove its name"):
            await send(f"https://{NAME}:{product.port}/secret", "127.0.0.1")
        assert not any("secret" in line for line in product.seen)


@answers("CVE-2025-1243")
async def test_nothing_goes_out_in_the_clear() -> None:
    with pytest.raises(EgressRefusedError, match="http is not allowed"):
        await send(f"http://{NAME}/", "8.8.8.8", is_private=False)


@answers("CVE-2024-29893")
async def test_an_answer_is_no_longer_than_it_may_be_and_not_unpacked() -> None:
    bomb = gzip.compress(bytes(1024 * 1024))
    for answer in (
        answer_with("200 OK", bytes(1_001)),
        answer_with("200 OK", bomb, "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(100_000),
    ):
        async with open_product(answer) as product:
            with pytest.raises(UnknownOutcomeError, match=r"longer than 1000 bytes|compressed"):
                await send(f"http://{NAME}:{product.port}/", "127.0.0.1")


@answers("CVE-2021-25282")
def test_a_value_stays_within_its_segment_of_a_path() -> None:
    assert path("/users/{name}", name="../admin?x=1#y") == "/users/..%2Fadmin%3Fx%3D1%23y"
    for value in ("", ".", ".."):
        with pytest.raises(ActionInputError):
            path("/users/{name}", name=value)
