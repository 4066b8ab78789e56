"""TLS of our own in front of hooks: which client certificates are believed, and which are not."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from soar.api.server import Door, make_application, serve_socket
from soar.app.clock import SystemClock
from soar.app.hooks_tls import make_context
from soar.app.settings import HooksTlsSettings, ServerSettings
from soar.ingest.source import Source, parse_source
from soar.model.errors import InputError
from soar.model.values import JsonValue
from tests.support.service import Face

BODY = b'{"kind": "sensor.alert"}'


@dataclass(frozen=True, slots=True)
class Party:
    """A key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def header(self) -> str:
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return f":{base64.b64encode(der).decode()}:"

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write both as PEM, and return where: the certificate, the key."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        private = serialization.PrivateFormat.PKCS8
        key.touch(0o600)
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
        return certificate, key


def make_party(name: str, issuer: Party | None = None) -> Party:
    """Make an authority, or what an authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + timedelta(hours=1),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(names, critical=False)
    return Party(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Site:
    """A listener with TLS, and who may speak to it."""

    folder: Path
    port: int
    authority: Party
    sensor: Party

    async def send(self, source: str, client: Party | None, *headers: str) -> int:
        """Send an alert and return the status of the answer; 0 if the connection was refused."""
        context = ssl.create_default_context(cafile=self.authority.write(self.folder, "trusted")[0])
        if client is not None:
            context.load_cert_chain(*client.write(self.folder, "client"))
        head = [f"POST /hooks/{source} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *headers]
        request = "\r\n".join([*head, f"Content-Length: {len(BODY)}", "Connection: close", "", ""]).encode() + BODY
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
            writer.write(request)
            line = await reader.readline()
        except (ssl.SSLError, ConnectionError):
            return 0
        writer.close()
        return int(line.split()[1]) if line else 0


@pytest.fixture(scope="module")
def authority() -> Party:
    return make_party("Our authority")


def write_settings(folder: Path, authority: Party) -> HooksTlsSettings:
    certificate, key = make_party("soar.example", authority).write(folder, "server")
    return HooksTlsSettings(certificate=certificate, key=key, client_authority=authority.write(folder, "authority")[0])


@pytest.fixture
async def site(face: Face, tmp_path: Path, authority: Party) -> AsyncIterator[Site]:
    sensor = make_party("sensor", authority)
    sources = cast("dict[str, Source]", face.services.receiver.sources)
    direct: JsonValue = {"mtls": {"fingerprint": sensor.fingerprint}}
    by_proxy: JsonValue = {"mtls": {"fingerprint": sensor.fingerprint}, "proxies": ["127.0.0.1"]}
    for name, auth in (("sensor", direct), ("relayed", by_proxy)):
        sources[name] = parse_source({"auth": auth, "alert": {"kind": "raw.kind"}}, name)
    listener = socket.create_server(("127.0.0.1", 0))
    running = await serve_socket(
        make_application(face.services, door=Door.HOOKS),
        listener,
        drain=1.0,
        tls=make_context(write_settings(tmp_path, authority)),
    )
    assert running.url.startswith("https://")
    yield Site(tmp_path, listener.getsockname()[1], authority, sensor)
    await running.close()


async def test_the_certificate_that_tls_has_verified_is_the_one_that_counts(site: Site) -> None:
    assert await site.send("sensor", site.sensor) == 202
    assert await site.send("relayed", site.sensor, "Idempotency-Key: 2") == 202
    assert await site.send("sensor", make_party("other sensor", site.authority)) == 401
    assert await site.send("sensor", None) == 401


async def test_behind_our_own_tls_no_header_says_who_comes(site: Site) -> None:
    header = f"Client-Cert: {site.sensor.header}"
    for source in ("sensor", "relayed"):
        assert await site.send(source, None, header) == 401
        assert await site.send(source, make_party("other sensor", site.authority), header) == 401


async def test_a_certificate_of_somebody_elses_authority_ends_the_connection(site: Site) -> None:
    assert await site.send("sensor", make_party("sensor", make_party("Another authority"))) == 0


async def test_without_tls_of_ours_a_certificate_has_to_come_by_a_proxy(site: Site, face: Face) -> None:
    headers = {"Content-Type": "application/json", "Client-Cert": site.sensor.header}
    assert (await face.stranger.send("POST", "/hooks/sensor", BODY, headers)).status == 401
    assert (await face.stranger.send("POST", "/hooks/relayed", BODY, headers)).status == 202


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path, authority: Party) -> None:
    context = make_context(write_settings(tmp_path, authority))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_OPTIONAL


@pytest.mark.parametrize("name", ["certificate", "key", "client_authority"])
def test_a_file_that_is_missing_or_something_else_refuses_the_start(
    tmp_path: Path, authority: Party, name: str
) -> None:
    settings = write_settings(tmp_path, authority)
    path: Path = getattr(settings, name)
    path.write_text("no PEM")
    with pytest.raises(InputError, match="do not fit") as caught:
        make_context(settings)
    assert caught.value.code == "server.hooks_tls"
    path.unlink()
    with pytest.raises(InputError, match="there is no file"):
        make_context(settings)


def test_a_key_that_others_can_read_or_that_needs_a_word_refuses_the_start(tmp_path: Path, authority: Party) -> None:
    settings = write_settings(tmp_path, authority)
    settings.key.chmod(0o640)
    with pytest.raises(InputError, match=r"read or written by others \(mode 0640\)"):
        make_context(settings)
    settings.key.chmod(0o600)
    sealed = serialization.BestAvailableEncryption(b"word")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    settings.key.write_bytes(pem)
    with pytest.raises(InputError, match="do not fit"):
        make_context(settings)


async def test_the_list_of_sources_names_the_address_of_hooks(face: Face) -> None:
    root = await face.person("root")
    hooks = {source["id"]: source["hook"] for source in (await root.get("/sources")).json["items"]}
    assert hooks == {"probe": "https://hooks.soar.example/hooks/probe"}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "https://soar.example"),
        ({"hooks_listen": "192.0.2.1:8601"}, "http://192.0.2.1:8601"),
        ({"hooks_listen": "192.0.2.1:8601", "hooks_tls": True}, "https://192.0.2.1:8601"),
        ({"hooks_listen": "192.0.2.1:8601", "hooks_url": "https://hooks.example/"}, "https://hooks.example"),
    ],
)
def test_sources_reach_hooks_by_the_address_that_is_listened_on_or_the_one_that_is_named(
    settings: dict[str, object], url: str
) -> None:
    files = {"certificate": "a.pem", "key": "a.key", "client_authority": "b.pem"}
    written = {name: files if value is True else value for name, value in settings.items()}
    assert ServerSettings.model_validate(written).find_hooks_url("https://soar.example") == url


def test_tls_and_an_address_of_hooks_need_a_door_of_their_own() -> None:
    with pytest.raises(ValidationError, match="need `hooks_listen`"):
        ServerSettings(hooks_url="https://hooks.example")
