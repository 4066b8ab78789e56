import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from soar.ingest.acceptance import Receipt
from soar.ingest.amazon import TOLERANCE, SnsVerifier
from soar.ingest.authentication import Request, Sns
from soar.ingest.bodies.sns import read_envelope, read_notification
from soar.ingest.handshake import Greeting
from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.model.errors import DeniedError, InputError, UnavailableError
from soar.model.network import EgressResponse
from soar.model.values import JsonValue, print_timestamp
from soar.store import Store
from tests.support.clock import START, SteppedClock
from tests.support.network import VirtualEgress
from tests.unit.ingest.specimens import WORKSPACE, Surroundings

REGION = "eu-central-1"
HOST = f"sns.{REGION}.amazonaws.com"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:alerts"
CERTIFICATE_URL = f"https://{HOST}/SimpleNotificationService-{'a' * 32}.pem"
RECIPE = Sns(topics=(TOPIC,))
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def build_certificate(days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=KEY.public_key(),
        serial_number=1,
        not_valid_before=START - timedelta(days=60),
        not_valid_after=START + timedelta(days=days),
    )
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM)


PEM = build_certificate()


def sign(**changes: object) -> dict[str, Any]:
    """A notification; what is None is left out."""
    document: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": '{"detail": {"severity": 8}}',
        "Timestamp": print_timestamp(START),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
        **changes,
    }
    document = {name: value for name, value in document.items() if value is not None}
    signed = read_envelope(json.dumps({**document, "Signature": ""}).encode()).signed
    algorithm = hashes.SHA1() if document["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303 -- as SNS does
    signature = KEY.sign(signed, padding.PKCS1v15(), algorithm)
    return {**document, "Signature": base64.b64encode(signature).decode()}


def confirmation(**changes: object) -> dict[str, Any]:
    url = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    return sign(**{"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url, **changes})


@pytest.fixture
def egress() -> VirtualEgress:
    egress = VirtualEgress()
    egress.route(HOST, lambda _: EgressResponse(status=200, headers=(), body=PEM))
    return egress


@pytest.fixture
def verifier(egress: VirtualEgress, clock: SteppedClock) -> SnsVerifier:
    return SnsVerifier(egress, clock.now)


async def judge(verifier: SnsVerifier, document: dict[str, Any]) -> str | None:
    return await verifier.find_refusal(RECIPE, Request({}, json.dumps(document).encode()))


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "GuardDuty"])
async def test_what_sns_has_signed_is_let_in(verifier: SnsVerifier, version: str, subject: str | None) -> None:
    assert await judge(verifier, sign(SignatureVersion=version, Subject=subject)) is None


async def test_a_certificate_is_fetched_once_from_the_host_of_the_topics_region(
    verifier: SnsVerifier, egress: VirtualEgress
) -> None:
    assert [await judge(verifier, sign()) for _ in range(3)] == [None] * 3
    (request,) = egress.arrived
    assert (request.method, request.url, request.hosts) == ("GET", CERTIFICATE_URL, frozenset({HOST}))


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "TopicArn", "Type", "Signature"])
async def test_nothing_that_is_signed_can_be_changed(verifier: SnsVerifier, name: str) -> None:
    genuine = sign(Subject="GuardDuty")
    other = "A" + genuine[name][1:] if genuine[name][0] != "A" else "B" + genuine[name][1:]
    assert await judge(verifier, {**genuine, name: other}) is not None
    assert await judge(verifier, {key: value for key, value in genuine.items() if key != name}) is not None


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace(HOST, "evil.example"),
        CERTIFICATE_URL.replace(HOST, f"{HOST}.evil.example"),
        CERTIFICATE_URL.replace(HOST, f"{HOST}@evil.example"),
        CERTIFICATE_URL.replace(HOST, "sns.us-east-1.amazonaws.com"),
        CERTIFICATE_URL.replace(HOST, "bucket.s3.amazonaws.com"),
        CERTIFICATE_URL.replace(HOST, f"{HOST}:8443"),
        CERTIFICATE_URL.replace("/Simple", "/x/../Simple"),
        f"{CERTIFICATE_URL}?x",
        f"{CERTIFICATE_URL}\n",
    ],
)
async def test_no_certificate_comes_from_elsewhere(verifier: SnsVerifier, egress: VirtualEgress, url: str) -> None:
    refusal = await judge(verifier, sign(SigningCertURL=url))
    assert refusal == "the certificate's address is not that of SNS in the topic's region"
    assert egress.arrived == []


async def test_what_another_topic_sends_is_refused(verifier: SnsVerifier, egress: VirtualEgress) -> None:
    assert await judge(verifier, sign(TopicArn=f"{TOPIC}2")) == "the topic is not one of the source's"
    assert egress.arrived == []


async def test_what_is_old_or_no_envelope_is_refused(verifier: SnsVerifier, egress: VirtualEgress) -> None:
    for age in (TOLERANCE, -TOLERANCE):
        assert await judge(verifier, sign(Timestamp=print_timestamp(START - age))) is None
        late = START - age * 1.001
        assert "s old" in str(await judge(verifier, sign(Timestamp=print_timestamp(late))))
    assert len(egress.arrived) == 1
    assert str(await judge(verifier, {"Type": "Other"})).startswith("the body is no envelope: /Type: ")
    assert str(await judge(verifier, {**sign(), "Signature": "A"})).startswith("the body is no envelope: /Signature: ")


async def test_a_certificate_that_is_over_or_none_has_signed_nothing(clock: SteppedClock) -> None:
    for answer in (build_certificate(days=-1), b"no certificate", PEM.replace(b"BEGIN", b"END")):
        egress = VirtualEgress()
        egress.route(HOST, lambda _, body=answer: EgressResponse(status=200, headers=(), body=body))
        assert await judge(SnsVerifier(egress, clock.now), sign()) == "the signature is wrong"


async def test_where_sns_is_not_reached_nothing_is_said_for_good(clock: SteppedClock) -> None:
    failing = VirtualEgress()
    failing.route(HOST, lambda _: EgressResponse(status=503, headers=(), body=b""))
    for egress in (VirtualEgress(), failing):
        with pytest.raises(UnavailableError):
            await judge(SnsVerifier(egress, clock.now), sign())


async def test_strangers_cannot_make_us_ask_for_ever(verifier: SnsVerifier, egress: VirtualEgress) -> None:
    for number in range(6):
        forged = {**sign(), "Message": "{}", "SigningCertURL": CERTIFICATE_URL.replace("a" * 32, f"{number:032x}")}
        assert await judge(verifier, forged) == "the signature is wrong"
    with pytest.raises(UnavailableError) as caught:
        await judge(verifier, sign())
    assert caught.value.retry_after == 60.0
    assert len(egress.arrived) == 6


async def test_a_subscription_is_confirmed_where_the_topic_lives(verifier: SnsVerifier, egress: VirtualEgress) -> None:
    document = confirmation()
    assert await judge(verifier, document) is None
    await verifier.confirm(read_envelope(json.dumps(document).encode()))
    assert [request.url for request in egress.arrived] == [CERTIFICATE_URL, document["SubscribeURL"]]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?Action=ConfirmSubscription",
        f"https://{HOST}/?Action=Unsubscribe&TopicArn={TOPIC}",
        f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}2",
        f"https://{HOST}.evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}",
    ],
)
async def test_no_other_address_is_asked_even_if_it_is_signed(
    verifier: SnsVerifier, egress: VirtualEgress, url: str
) -> None:
    with pytest.raises(InputError, match="this is not the address of SNS"):
        await verifier.confirm(read_envelope(json.dumps(confirmation(SubscribeURL=url)).encode()))
    assert egress.arrived == []


def test_a_notification_is_read_with_the_message_in_it() -> None:
    found = read_notification(json.dumps(sign(Subject="s", MessageAttributes={"x": 1})).encode())
    assert found == {
        "message": {"detail": {"severity": 8}},
        "subject": "s",
        "topic": TOPIC,
        "message_id": "m-1",
        "time": print_timestamp(START),
    }
    for text in ("just words", "{not json", "[1]"):
        assert read_notification(json.dumps(sign(Message=text)).encode())["message"] == text
    with pytest.raises(InputError, match="/Type: this is no notification"):
        read_notification(json.dumps(confirmation()).encode())


def test_large_numbers_of_a_message_are_texts_where_the_source_says_so() -> None:
    body = json.dumps(sign(Message='{"id": 1683727757699479000}')).encode()
    assert read_notification(body)["message"] == '{"id": 1683727757699479000}'
    assert read_notification(body, is_large_text=True)["message"] == {"id": "1683727757699479000"}


class TestHook:
    """What SNS sends, at a hook."""

    @pytest.fixture
    def sources(self, surroundings: Surroundings) -> Mapping[str, Source]:
        surroundings.egress.route(HOST, lambda _: EgressResponse(status=200, headers=(), body=PEM))
        auth: JsonValue = {"sns": {"topic": TOPIC}}
        return {"topic": parse_source({"auth": auth, "format": "sns", "alert": {"kind": '"sns"'}}, "topic")}

    async def test_a_subscription_is_confirmed_and_then_its_notifications_are_alerts(
        self, receiver: Receiver, surroundings: Surroundings, store: Store
    ) -> None:
        greeting = await receiver.receive("topic", {}, json.dumps(confirmation()).encode(), "192.0.2.1")
        assert isinstance(greeting, Greeting)
        asked = [request.url for request in surroundings.egress.arrived]
        assert asked == [CERTIFICATE_URL, confirmation()["SubscribeURL"]]
        body = json.dumps(sign()).encode()
        receipts = [await receiver.receive("topic", {}, body, "192.0.2.1") for _ in range(2)]
        assert [receipt.is_repeat for receipt in receipts if isinstance(receipt, Receipt)] == [False, True]
        alerts = await store.read(WORKSPACE, lambda unit: unit.alerts.list(10))
        (alert,) = alerts.items
        assert (alert.source, alert.raw["message"]) == ("topic", {"detail": {"severity": 8}})
        events = await store.read(WORKSPACE, lambda unit: unit.audit.list(10, None, "source."))
        assert [event.document["context"] for event in events.items] == [
            {"topic": TOPIC, "type": "SubscriptionConfirmation"}
        ]

    @pytest.mark.parametrize("build", [sign, confirmation])
    async def test_what_sns_has_not_signed_is_confirmed_nowhere_and_stored_never(
        self, receiver: Receiver, surroundings: Surroundings, store: Store, build: Callable[[], dict[str, Any]]
    ) -> None:
        forged = json.dumps({**build(), "MessageId": "m-2"}).encode()
        with pytest.raises(DeniedError) as caught:
            await receiver.receive("topic", {}, forged, "192.0.2.1")
        assert caught.value.code == "unauthenticated"
        assert [request.url for request in surroundings.egress.arrived] == [CERTIFICATE_URL]
        assert (await store.read(WORKSPACE, lambda unit: unit.alerts.list(10))).items == ()
