"""Whether Amazon SNS has sent something, and the answer to its question whether we want it to."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from soar.audit.foreign import is_signed_under
from soar.ingest.authentication import Request, Sns
from soar.ingest.bodies.sns import Envelope, parse_envelope, read_envelope
from soar.model.errors import ActionError, InputError, UnavailableError
from soar.model.network import Egress, EgressRequest

TOLERANCE: Final = timedelta(hours=1)
"""How old a message may be: SNS tries to deliver it for as long, as we have it in the subscription's policy."""

_LARGEST_ANSWER: Final = 64 * 1024
_PATIENCE: Final = 10.0  # seconds
_MOST_CERTIFICATES: Final = 16
_FETCHES_A_MINUTE: Final = 6
_CERTIFICATE_PATH: Final = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem", re.ASCII)
_GOOD: Final = 200


class SnsVerifier:
    """Checks envelopes, and confirms subscriptions. What it fetches comes from the host of the topic's own region.

    Args:
        egress: the one way out.
        now: the moment.
    """

    def __init__(self, egress: Egress, now: Callable[[], datetime]) -> None:
        self._egress = egress
        self._now = now
        self._certificates: dict[str, bytes] = {}
        self._fetched: list[datetime] = []

    async def find_refusal(self, recipe: Sns, request: Request) -> str | None:
        """Return why a request is not from SNS, or not from one of the source's topics; None if it is.

        Raises:
            UnavailableError: the certificate cannot be had now.
        """
        try:
            envelope = read_envelope(request.body) if request.document is None else parse_envelope(request.document)
        except InputError as error:
            return f"the body is no envelope: {error.message}"
        if envelope.topic not in recipe.topics:
            return "the topic is not one of the source's"
        age = self._now() - envelope.at
        if abs(age) > TOLERANCE:
            return f"the message is {age.total_seconds():.0f} s old"
        if not _is_certificate_of(envelope):
            return "the certificate's address is not that of SNS in the topic's region"
        certificate = await self._get_certificate(envelope)
        is_genuine = is_signed_under(
            certificate, envelope.signature, envelope.signed, is_sha1=envelope.version == "1", now=self._now()
        )
        return None if is_genuine else "the signature is wrong"

    async def confirm(self, envelope: Envelope) -> None:
        """Tell SNS that we want what it asks about; the envelope is genuine.

        Raises:
            InputError: its address is not that of SNS in the topic's region (`invalid_json`).
            UnavailableError: SNS cannot be told now.
        """
        if not _is_confirmation_of(envelope):
            raise InputError("/SubscribeURL: this is not the address of SNS", code="invalid_json")
        await self._fetch(envelope.subscribe_url, _find_host(envelope.topic))

    async def _get_certificate(self, envelope: Envelope) -> bytes:
        known = self._certificates.get(envelope.certificate_url)
        if known is not None:
            return known
        now = self._now()
        self._fetched = [at for at in self._fetched if now - at < timedelta(minutes=1)]
        if len(self._fetched) >= _FETCHES_A_MINUTE:  # whoever knows the topic could make us ask for ever
            raise UnavailableError("too many certificates were asked for", retry_after=60.0)
        self._fetched.append(now)
        certificate = await self._fetch(envelope.certificate_url, _find_host(envelope.topic))
        while len(self._certificates) >= _MOST_CERTIFICATES:
            del self._certificates[next(iter(self._certificates))]
        self._certificates[envelope.certificate_url] = certificate
        return certificate

    async def _fetch(self, url: str, host: str) -> bytes:
        request = EgressRequest(
            method="GET",
            url=url,
            headers=(),
            body=b"",
            hosts=frozenset({host}),
            timeout=_PATIENCE,
            limit=_LARGEST_ANSWER,
        )
        try:
            answer = await self._egress.send(request)
        except ActionError as error:
            raise UnavailableError(f"SNS is not reached: {error.message}", retry_after=30.0) from error
        if answer.status != _GOOD:
            raise UnavailableError(f"SNS has answered {answer.status}", retry_after=30.0)
        return answer.body


def _find_host(topic: str) -> str:
    """Return the host of SNS in a topic's region (docs.aws.amazon.com/general: service endpoints)."""
    _, partition, _, region, *_ = topic.split(":")
    return f"sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def _is_certificate_of(envelope: Envelope) -> bool:
    """Whether an address is where SNS keeps its certificates; anything but this exact form is refused."""
    begin = f"https://{_find_host(envelope.topic)}"
    url = envelope.certificate_url
    return url.startswith(begin) and _CERTIFICATE_PATH.fullmatch(url.removeprefix(begin)) is not None


def _is_confirmation_of(envelope: Envelope) -> bool:
    begin = f"https://{_find_host(envelope.topic)}/?"
    query = parse_qs(urlsplit(envelope.subscribe_url).query)
    return (
        envelope.subscribe_url.startswith(begin)
        and query.get("Action") == ["ConfirmSubscription"]
        and query.get("TopicArn") == [envelope.topic]
    )
