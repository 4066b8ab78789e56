"""What Discord sends, and what somebody else sends in its name."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.approvals.discord_request import (
    TOLERANCE,
    Command,
    Ping,
    Press,
    Sender,
    Submission,
    read_request,
    verify_request,
)
from soar.model.approval import VoteChoice
from soar.model.errors import DeniedError, InputError
from tests.support.clock import START
from tests.support.discord import ANN, APPLICATION, CHANNEL, GUILD, PUBLIC_KEY, FakeDiscord, interact, ping, sign

GENUINE = FakeDiscord().press("ap_1|approve|nonce", id="9")
SIGNED = sign(GENUINE, START)
SENDER = Sender(GUILD, ANN, APPLICATION, "9")


@pytest.mark.parametrize("seconds", [-TOLERANCE, 0, TOLERANCE])
def test_a_request_of_the_last_five_minutes_counts(seconds: int) -> None:
    verify_request(PUBLIC_KEY, SIGNED, GENUINE, START + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-TOLERANCE - 1, TOLERANCE + 1, 86_400])
def test_an_older_request_does_not(seconds: int) -> None:
    with pytest.raises(DeniedError) as caught:
        verify_request(PUBLIC_KEY, SIGNED, GENUINE, START + timedelta(seconds=seconds))
    assert caught.value.code == "chat.timestamp"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, GENUINE),
        (SIGNED, GENUINE + b" "),
        (SIGNED, GENUINE.replace(ANN.encode(), b"4401")),
        (SIGNED | {"x-signature-ed25519": ""}, GENUINE),
        (SIGNED | {"x-signature-ed25519": "0" * 128}, GENUINE),
        (SIGNED | {"x-signature-ed25519": "zz" * 64}, GENUINE),
        (SIGNED | {"x-signature-ed25519": "\udcff"}, GENUINE),
        (SIGNED | {"x-signature-timestamp": str(int(START.timestamp()) + 1)}, GENUINE),
        (SIGNED | {"x-signature-timestamp": "\u0663"}, GENUINE),
        (SIGNED | {"x-signature-timestamp": ""}, GENUINE),
        (sign(GENUINE, START, key=Ed25519PrivateKey.from_private_bytes(b"x" * 32)), GENUINE),
    ],
)
def test_what_discord_did_not_sign_is_refused_as_it_wants(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(DeniedError) as caught:
        verify_request(PUBLIC_KEY, headers, body, START)
    assert caught.value.code == "unauthenticated"


@pytest.mark.parametrize("key", ["", "00", "z" * 64, "0" * 64])
def test_without_the_right_key_nothing_counts(key: str) -> None:
    with pytest.raises(DeniedError):
        verify_request(key, SIGNED, GENUINE, START)


def test_presses_dialogs_and_commands_are_told_apart() -> None:
    press = read_request(GENUINE)
    assert isinstance(press, Press)
    assert (press.sender, press.channel, press.message) == (SENDER, CHANNEL, "5000")
    assert (press.claim.approval, press.claim.choice, press.claim.nonce) == ("ap_1", VoteChoice.APPROVE, "nonce")
    typed = [{"type": 10}, {"type": 18, "component": {"type": 4, "custom_id": "confirm", "value": "web-1"}}]
    filled = read_request(interact(5, data={"custom_id": "ap_1|deny|n", "components": typed}))
    assert isinstance(filled, Submission)
    assert (filled.confirm, filled.comment, filled.token) == ("web-1", "", "t1")
    assert read_request(FakeDiscord().command("link", id="9")) == Command(SENDER, "link", "t1")
    assert read_request(interact(2, data={"name": "soar"}, id="9")) == Command(SENDER, "", "t1")
    assert read_request(ping()) == Ping(Sender("", "", APPLICATION, "77"))


@pytest.mark.parametrize(
    "body",
    [
        FakeDiscord().press("something else"),
        FakeDiscord().press("ap_1|approve"),
        FakeDiscord().press("ap_1|maybe|nonce"),
        FakeDiscord().press("ap_1|approve|n", message=None),
        interact(5, data={"custom_id": "x"}),
        interact(2, data={"name": "other"}),
        interact(4, data={"name": "soar"}),
    ],
)
def test_what_is_not_ours_is_nothing(body: bytes) -> None:
    assert read_request(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        interact(99),
        json.dumps({"type": 3, "application_id": "x"}).encode(),
        interact(3, account="ann"),
        interact(3, id=""),
    ],
)
def test_what_discord_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_request(body)
    assert caught.value.code == "chat.request"
