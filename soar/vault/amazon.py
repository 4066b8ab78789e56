"""Services of AWS, called through the one way out. Needs the extra `aws`.

AWS' own library signs and reads; it opens no connection to a service. What it would send is handed over by its event
`before-send`: https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

from soar.model.errors import ActionError, InputError, UnavailableError
from soar.model.network import Egress, EgressRequest

T = TypeVar("T")

_TIMEOUT = 10.0  # seconds of one exchange
_MACHINE = ("container-role", "iam-role")  # ask addresses of the machine's own cloud, such as 169.254.169.254
_PROGRAM = "custom-process"  # a profile may name a program to run, and the service runs none


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsPlace:
    """Where a service of AWS is.

    Attributes:
        region: of the service.
        endpoint: `https://host`; empty is the address that AWS gives the service in the region.
        is_private: whether the addresses may be inside the network; then plain `http` will do for an endpoint.
        has_machine_role: whether the machine or container that we run on may be asked who we are, at the metadata
            address of its cloud.
    """

    region: str
    endpoint: str = ""
    is_private: bool = False
    has_machine_role: bool = False


class AwsClient:
    """A client of one service of AWS, which reaches that service and the one that gives out roles, and nothing else.

    Who we are is found as AWS' own libraries find it: variables, a profile, a token that stands for a role; the
    machine's own role where `place` says so.

    Args:
        service: as AWS' library calls it, such as `kms`.
        place: where it is.
        egress: the way out.

    Raises:
        InputError: the extra `aws` is not installed.
    """

    def __init__(self, service: str, place: AwsPlace, egress: Egress) -> None:
        session = _open_session(place)
        self._egress = egress
        self._loop: asyncio.AbstractEventLoop | None = None
        session.register("before-send", self._send)
        self._client = session.create_client(service, endpoint_url=place.endpoint or None)
        addresses = (client.meta.endpoint_url for client in (self._client, session.create_client("sts")))
        self._hosts = frozenset(urlsplit(address).hostname or "" for address in addresses)
        self._private_hosts = self._hosts if place.is_private else frozenset()

    async def call(self, work: Callable[[Any], T], explain: Callable[[str], Exception]) -> T:
        """Return what a call returns.

        Args:
            work: makes the call, with the library's client.
            explain: turns the code of a refusal into our error.

        Raises:
            Exception: what `explain` made.
            UnavailableError: AWS is not reached, or we have no identity there.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- an extra, and slow to load
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 -- as above

        self._loop = asyncio.get_running_loop()
        try:
            return await asyncio.to_thread(work, self._client)
        except ClientError as error:
            raise explain(str(error.response.get("Error", {}).get("Code", ""))) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise say_unavailable(type(error).__name__) from error
        except ActionError as error:
            raise say_unavailable(error.message) from error

    def _send(self, request: Any, **_: object) -> Any:  # noqa: ANN401 -- the library's types are made at run time
        """Send what the library has signed; it calls this on the thread of a call, and waits for the answer."""
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415 -- an extra, and slow to load

        if self._loop is None:
            raise say_unavailable("the library wanted to send something outside a call")
        sending = self._egress.send(
            EgressRequest(
                method=request.method,
                url=request.url,
                headers=tuple((name, _read_text(value)) for name, value in request.headers.items()),
                body=_read_bytes(request.body),
                hosts=self._hosts,
                private_hosts=self._private_hosts,
                timeout=_TIMEOUT,
            )
        )
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result()
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Content(answer.body))


class _Content(BytesIO):
    """An answer's body, as the library reads it."""

    def stream(self) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


def say_unavailable(reason: str) -> UnavailableError:
    """Return the error for a call that AWS did not answer as asked."""
    return UnavailableError(
        f"AWS did not do what was asked: {reason}",
        code="key_provider_unavailable",
        hint="look at the service's role, its policy and the region",
        retry_after=5.0,
    )


def _open_session(place: AwsPlace) -> Any:  # noqa: ANN401 -- as above
    try:
        import botocore.session  # noqa: PLC0415 -- an extra, and slow to load
    except ImportError as error:
        raise InputError(
            "AWS is asked for, and its library is not installed",
            code="extra_missing",
            hint="install soar with the extra `aws`",
        ) from error
    session = botocore.session.Session()
    session.set_config_variable("region", place.region)
    session.set_config_variable("ignore_configured_endpoint_urls", True)  # noqa: FBT003 -- the library's signature
    resolver = session.get_component("credential_provider")
    for provider in (_PROGRAM, *(() if place.has_machine_role else _MACHINE)):
        resolver.remove(provider)
    return session


def _read_text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _read_bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
