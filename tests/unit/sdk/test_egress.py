import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from soar.model.errors import ActionCode
from soar.model.network import EgressRequest
from soar.sdk.egress import HttpEgress
from soar.sdk.errors import EgressRefusedError, TransientError, UnknownOutcomeError, UnreachableError

NAME = "box.good.example"


class Product:
    """A real server on the loopback address that remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.peers: set[object] = set()
        self.arrivals = asyncio.Semaphore(0)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self.server = TestServer(application, host="127.0.0.1")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        self.arrivals.release()
        self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        match request.path:
            case "/redirect":
                raise web.HTTPFound("/elsewhere")
            case "/large":
                return web.Response(body=b"x" * 5000)
            case "/zipped":
                return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
            case "/silent":
                await asyncio.Event().wait()
            case "/broken":
                assert request.transport
                request.transport.abort()
        return web.json_response({"ok": True}, headers={"Set-Cookie": "a=b"})

    @property
    def port(self) -> int:
        assert self.server.port
        return self.server.port


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    await product.server.start_server()
    yield product
    await product.server.close()


@pytest.fixture
async def open_egress() -> AsyncIterator[Callable[..., HttpEgress]]:
    opened: list[HttpEgress] = []

    def open_one(*addresses: str, **more: float) -> HttpEgress:
        async def lookup(host: str) -> Sequence[str]:
            return addresses

        opened.append(HttpEgress(lookup, **more) if addresses else HttpEgress())
        return opened[-1]

    yield open_one
    for egress in opened:
        await egress.close()


OpenEgress = Callable[..., HttpEgress]


def build(url: str, method: str = "GET", *, host: str = NAME, is_private: bool = True) -> EgressRequest:
    hosts = frozenset({host})
    return EgressRequest(
        method=method,
        url=url,
        headers=(("X-Trace", "1"),),
        body=b"",
        hosts=hosts,
        private_hosts=hosts if is_private else frozenset(),
        timeout=5.0,
    )


async def test_a_private_host_that_is_named_answers(product: Product, open_egress: OpenEgress) -> None:
    request = replace(build(f"http://{NAME}:{product.port}/a%2Fb?q=%2e", "POST"), body=b"hello")
    response = await open_egress("127.0.0.1").send(request)
    assert response.status == 200
    assert response.body == b'{"ok": true}'
    method, place, headers, body = product.seen[0]
    assert (method, place, body) == ("POST", "/a%2Fb?q=%2e", b"hello")
    assert headers["Host"] == f"{NAME}:{product.port}"
    assert headers["X-Trace"] == "1"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]]
)
async def test_a_name_that_leads_inside_is_refused(
    product: Product, open_egress: OpenEgress, addresses: list[str]
) -> None:
    with pytest.raises(EgressRefusedError, match="no public address"):
        await open_egress(*addresses).send(build(f"https://{NAME}:{product.port}/", is_private=False))
    assert product.seen == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
async def test_no_spelling_of_the_loopback_address_gets_through(
    product: Product, open_egress: OpenEgress, host: str
) -> None:
    spelled = f"[{host}]" if ":" in host else host
    with pytest.raises(EgressRefusedError):
        await open_egress().send(build(f"https://{spelled}:{product.port}/", host=host, is_private=False))
    assert product.seen == []


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254"])
async def test_metadata_services_are_refused_even_inside(open_egress: OpenEgress, address: str) -> None:
    with pytest.raises(EgressRefusedError):
        await open_egress(address).send(build(f"http://{NAME}/latest/meta-data/"))


async def test_what_a_private_connection_opened_is_not_lent_to_another(
    product: Product, open_egress: OpenEgress
) -> None:
    egress = open_egress("127.0.0.1")
    await egress.send(build(f"http://{NAME}:{product.port}/"))
    with pytest.raises(EgressRefusedError, match="no public address"):
        await egress.send(build(f"https://{NAME}:{product.port}/", is_private=False))
    assert len(product.seen) == 1


async def test_a_redirect_is_an_answer_and_not_followed(product: Product, open_egress: OpenEgress) -> None:
    response = await open_egress("127.0.0.1").send(build(f"http://{NAME}:{product.port}/redirect"))
    assert response.status == 302
    assert [place for _, place, _, _ in product.seen] == ["/redirect"]


async def test_cookies_are_not_kept(product: Product, open_egress: OpenEgress) -> None:
    egress = open_egress("127.0.0.1")
    for _ in range(2):
        await egress.send(build(f"http://{NAME}:{product.port}/"))
    assert all("Cookie" not in headers for _, _, headers, _ in product.seen)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_requests_share_a_connection_and_reads_none_with_writes(
    product: Product, open_egress: OpenEgress, method: str
) -> None:
    egress = open_egress("127.0.0.1")
    for _ in range(2):
        await egress.send(build(f"http://{NAME}:{product.port}/", method))
    assert len(product.peers) == 1
    await egress.send(build(f"http://{NAME}:{product.port}/", "POST" if method == "GET" else "GET"))
    assert len(product.peers) == 2


async def test_a_write_takes_no_connection_that_has_been_idle(product: Product, open_egress: OpenEgress) -> None:
    egress = open_egress("127.0.0.1", idle_write=0.0)
    for _ in range(2):
        await egress.send(build(f"http://{NAME}:{product.port}/", "POST"))
    assert len(product.peers) == 2


async def test_a_kept_connection_that_breaks_off_leaves_a_write_unknown_and_unrepeated(
    product: Product, open_egress: OpenEgress
) -> None:
    egress = open_egress("127.0.0.1")
    await egress.send(build(f"http://{NAME}:{product.port}/", "PUT"))
    with pytest.raises(UnknownOutcomeError):
        await egress.send(build(f"http://{NAME}:{product.port}/broken", "PUT"))
    assert [path for _, path, _, _ in product.seen] == ["/", "/broken"]


async def test_an_answer_that_is_too_long_is_cut_off(product: Product, open_egress: OpenEgress) -> None:
    request = replace(build(f"http://{NAME}:{product.port}/large"), limit=4999)
    with pytest.raises(UnknownOutcomeError, match="longer than 4999 bytes"):
        await open_egress("127.0.0.1").send(request)
    response = await open_egress("127.0.0.1").send(replace(request, limit=5000))
    assert len(response.body) == 5000


async def test_a_compressed_answer_is_not_unpacked(product: Product, open_egress: OpenEgress) -> None:
    with pytest.raises(UnknownOutcomeError, match="compressed"):
        await open_egress("127.0.0.1").send(build(f"http://{NAME}:{product.port}/zipped"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_that_breaks_off_is_unknown_and_not_sent_again(
    product: Product, open_egress: OpenEgress, method: str
) -> None:
    with pytest.raises(UnknownOutcomeError):
        await open_egress("127.0.0.1").send(build(f"http://{NAME}:{product.port}/broken", method))
    assert len(product.seen) == 1


async def test_silence_is_unknown_with_the_time_it_lasted(product: Product, open_egress: OpenEgress) -> None:
    request = replace(build(f"http://{NAME}:{product.port}/silent", "POST"), timeout=0.2)
    with pytest.raises(UnknownOutcomeError, match=r"within 0\.2 s") as caught:
        await open_egress("127.0.0.1").send(request)
    assert caught.value.read_code is ActionCode.TIMEOUT


async def test_what_was_never_connected_was_never_sent(product: Product, open_egress: OpenEgress) -> None:
    port = product.port
    await product.server.close()
    with pytest.raises(TransientError):
        await open_egress("127.0.0.1").send(build(f"http://{NAME}:{port}/", "POST"))


async def test_a_name_without_an_address_was_never_called() -> None:
    async def lookup(host: str) -> Sequence[str]:
        raise OSError(f"{host} is unknown")

    egress = HttpEgress(lookup)
    with pytest.raises(TransientError):
        await egress.send(build(f"https://{NAME}/", "POST"))
    await egress.close()


async def test_what_cannot_be_a_name_was_never_called() -> None:
    host = "x" * 64 + ".example"
    egress = HttpEgress()
    with pytest.raises(TransientError):
        await egress.send(build(f"https://{host}/", "POST", host=host))
    await egress.close()


async def test_a_server_without_tls_is_refused(product: Product, open_egress: OpenEgress) -> None:
    with pytest.raises(EgressRefusedError, match="TLS"):
        await open_egress("127.0.0.1").send(build(f"https://{NAME}:{product.port}/", "POST"))
    assert product.seen == []


async def test_a_slow_name_server_leaves_nothing_sent() -> None:
    async def lookup(host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return [host]

    egress = HttpEgress(lookup)
    with pytest.raises(TransientError):
        await egress.send(replace(build(f"https://{NAME}/", "POST"), timeout=0.1))
    await egress.close()


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    open_egress: OpenEgress, self_signed: ssl.SSLContext
) -> None:
    product = Product()
    await product.server.start_server(ssl=self_signed)
    with pytest.raises(EgressRefusedError, match="does not prove its name"):
        await open_egress("127.0.0.1").send(build(f"https://{NAME}:{product.port}/", "POST"))
    assert product.seen == []
    await product.server.close()


_SUPPORTED_VERSIONS = 43


def read_versions(hello: bytes) -> list[int]:
    """Return the versions of TLS that a ClientHello offers, the dearest first (RFC 8446, sections 4.1.2 and 4.2.1)."""
    at = 9 + 2 + 32  # headers of record and message, version, random
    at += 1 + hello[at]  # session
    at += 2 + int.from_bytes(hello[at : at + 2], "big")  # suites
    at += 1 + hello[at] + 2  # compression, length of the extensions
    while at < len(hello):
        kind, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        if kind == _SUPPORTED_VERSIONS:
            offered = hello[at + 5 : at + 4 + size]
            return [int.from_bytes(offered[place : place + 2], "big") for place in range(0, len(offered), 2)]
        at += 4 + size
    return [int.from_bytes(hello[9:11], "big")]


async def test_tls_1_3_is_offered_first_and_nothing_older_than_1_2(open_egress: OpenEgress) -> None:
    hellos: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        hellos.append(head + await reader.readexactly(int.from_bytes(head[3:], "big")))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(UnreachableError):
        await open_egress("127.0.0.1").send(build(f"https://{NAME}:{port}/", "POST"))
    assert read_versions(hellos[0]) == [0x0304, 0x0303]
    server.close()
    await server.wait_closed()


async def test_a_host_that_hangs_takes_no_connection_from_another(product: Product, open_egress: OpenEgress) -> None:
    egress = open_egress("127.0.0.1")
    other = "other.good.example"
    hanging = [
        asyncio.create_task(egress.send(build(f"http://{NAME}:{product.port}/silent")), name=f"hanging {number}")
        for number in range(120)
    ]
    for _ in range(100):
        await product.arrivals.acquire()
    answer = await egress.send(replace(build(f"http://{other}:{product.port}/", host=other), timeout=2.0))
    assert answer.status == 200
    assert sum(path == "/silent" for _, path, _, _ in product.seen) == 100
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
