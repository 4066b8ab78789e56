"""AWS on a loopback port: what the simulated services of a library know, behind a real server."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.models import botocore_stubber

from soar.vault.amazon import AwsPlace

REGION = "eu-central-1"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass
class FakeAws:
    """Where it listens, and what it was asked.

    Attributes:
        redirect: where it sends everybody instead of answering; empty for nowhere.
        seen: services that were asked, in their order.
    """

    url: str
    redirect: str = ""
    seen: list[str] = field(default_factory=list)

    @property
    def place(self) -> AwsPlace:
        return AwsPlace(region=REGION, endpoint=self.url, is_private=True)

    def open_client(self, service: str) -> Any:  # noqa: ANN401 -- the library makes its clients at run time
        """Return a client of somebody who sets things up there."""
        return boto3.client(service, region_name=REGION, endpoint_url=self.url)


@contextmanager
def open_aws() -> Iterator[FakeAws]:
    """Serve it, with nothing in it yet. Credentials are to be in the environment."""
    with mock_aws():
        """Empty what earlier tests have left."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    aws = FakeAws(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _make_handler(aws)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _make_handler(aws: FakeAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            found = _SCOPE.search(self.headers.get("Authorization", ""))
            assert found is not None
            aws.seen.append(found["service"])
            if aws.redirect:
                self._answer(307, {"Location": aws.redirect}, b"")
                return
            headers = HTTPHeaders()
            for name, value in self.headers.items():
                headers[name] = value
            url = f"https://{found['service']}.{found['region']}.amazonaws.com{self.path}"
            answer = botocore_stubber.process_request(
                AWSPreparedRequest("POST", url, headers, body, stream_output=False)
            )
            assert answer is not None
            status, said, content = answer
            self._answer(status, dict(said), content.encode() if isinstance(content, str) else content)

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "date", "server"}:
                    self.send_header(name, str(value))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
            """Say nothing."""

    return Handler
