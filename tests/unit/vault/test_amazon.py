"""AWS is reached through the one way out, whatever the machine around us says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from soar.model.errors import NotFoundError, UnavailableError
from soar.model.network import EgressRequest, EgressResponse
from soar.sdk.egress import HttpEgress
from soar.vault.amazon import AwsClient, AwsPlace
from tests.support.aws import REGION, FakeAws, open_aws

KMS, STS = f"kms.{REGION}.amazonaws.com", f"sts.{REGION}.amazonaws.com"
PLACE = AwsPlace(region=REGION)
DENIED = b'{"__type": "AccessDeniedException", "message": "no"}'


class Recorder:
    """A way out that leads nowhere, and remembers what was to be sent."""

    def __init__(self) -> None:
        self.sent: list[EgressRequest] = []

    async def send(self, request: EgressRequest) -> EgressResponse:
        self.sent.append(request)
        return EgressResponse(status=400, headers=(("Content-Type", "application/x-amz-json-1.1"),), body=DENIED)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def _identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def aws(_identity: None) -> Iterator[FakeAws]:
    with open_aws() as fake:
        yield fake


def list_keys(kms: Any) -> object:  # noqa: ANN401 -- the library makes its clients at run time
    return kms.list_keys()


async def fail(client: AwsClient) -> str:
    with pytest.raises(UnavailableError) as caught:
        await client.call(list_keys, lambda code: UnavailableError(code, retry_after=1.0))
    return caught.value.message


@pytest.mark.usefixtures("_identity")
async def test_one_service_and_the_one_that_gives_out_roles_may_be_called_and_no_other_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"):
        monkeypatch.setenv(name, "https://elsewhere.example")
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere.example:3128")
    egress = Recorder()
    assert await fail(AwsClient("kms", PLACE, egress)) == "AccessDeniedException"
    (sent,) = egress.sent
    assert (sent.url, sent.hosts, sent.private_hosts) == (f"https://{KMS}/", {KMS, STS}, frozenset())


async def test_a_role_is_asked_for_through_the_same_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token of the cluster", "ascii")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/soar")
    egress = Recorder()
    assert "ResponseParserError" in await fail(AwsClient("kms", PLACE, egress))  # the service speaks XML, this JSON
    assert {sent.url for sent in egress.sent} == {f"https://{STS}/"}
    assert b"a+token+of+the+cluster" in egress.sent[0].body


async def test_no_address_inside_is_called_unless_the_settings_say_so(aws: FakeAws) -> None:
    egress = HttpEgress()
    outside = AwsPlace(region=REGION, endpoint=aws.url)
    assert "http is not allowed" in await fail(AwsClient("kms", outside, egress))
    hidden = AwsPlace(region=REGION, endpoint=aws.url.replace("http:", "https:"))
    assert "no public address" in await fail(AwsClient("kms", hidden, egress))
    assert aws.seen == []
    await AwsClient("kms", aws.place, egress).call(list_keys, NotFoundError)
    assert aws.seen == ["kms"]
    await egress.close()


async def test_a_redirect_is_not_followed(aws: FakeAws) -> None:
    egress = HttpEgress()
    with open_aws() as other:
        aws.redirect = other.url
        assert await fail(AwsClient("kms", aws.place, egress)) == "307"
        assert (aws.seen, other.seen) == (["kms"], [])
    await egress.close()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stand for the metadata service of a cloud that gives out no role; yields what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_PUT()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}/")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


async def test_the_machine_is_asked_who_we_are_only_where_the_settings_say_so(machine: list[str]) -> None:
    egress = Recorder()
    assert "NoCredentialsError" in await fail(AwsClient("kms", PLACE, egress))
    assert machine == []
    AwsClient("kms", AwsPlace(region=REGION, has_machine_role=True), egress)
    assert machine
    assert egress.sent == []


async def test_a_profile_starts_no_program(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "config").write_text(f"[default]\ncredential_process = touch {mark}\n", "utf-8")
    assert "NoCredentialsError" in await fail(AwsClient("kms", PLACE, Recorder()))
    assert not mark.exists()
