"""What Slack sends, and what somebody else sends in its name."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from soar.approvals.claim import Wish, WishKind
from soar.approvals.slack_request import (
    TOLERANCE,
    Claim,
    Command,
    Press,
    Sender,
    Submission,
    read_request,
    verify_request,
)
from soar.model.approval import VoteChoice
from soar.model.errors import DeniedError, InputError
from soar.model.secret import Secret
from tests.support.clock import START
from tests.support.slack import APPLICATION, KEY, TEAM, command, press, sign, submit

VECTOR = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
VECTOR_HEADERS = {
    "x-slack-request-timestamp": "1531420618",
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
}
"""From https://docs.slack.dev/authentication/verifying-requests-from-slack."""
SENDER = Sender(TEAM, TEAM, "U0000001", APPLICATION)
VALUE = "ap_1|approve|nonce"
CLAIM = Claim("ap_1", VoteChoice.APPROVE, "nonce")


def test_slacks_own_vector_is_genuine() -> None:
    at = datetime.fromtimestamp(1531420618, UTC)
    verify_request(Secret("8f742231b10e8888abcd99yyyzzz85a5"), VECTOR_HEADERS, VECTOR, at)
    assert read_request(VECTOR) == Command(
        Sender("T1DC2JH3J", "T1DC2JH3J", "U2CERLKJA", ""),
        "",
        "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    )


@pytest.mark.parametrize("seconds", [-TOLERANCE, 0, TOLERANCE])
def test_a_request_of_the_last_five_minutes_counts(seconds: int) -> None:
    body = press(VALUE)
    verify_request(Secret(KEY), sign(body, START), body, START + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-TOLERANCE - 1, TOLERANCE + 1, 86_400])
def test_an_older_request_does_not(seconds: int) -> None:
    body = press(VALUE)
    with pytest.raises(DeniedError) as caught:
        verify_request(Secret(KEY), sign(body, START), body, START + timedelta(seconds=seconds))
    assert caught.value.code == "chat.timestamp"


GENUINE = press(VALUE)
SIGNED = sign(GENUINE, START)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, GENUINE),
        (SIGNED, GENUINE + b" "),
        (SIGNED, GENUINE.replace(b"U0000001", b"U0000002")),
        (SIGNED | {"x-slack-signature": "v0="}, GENUINE),
        (SIGNED | {"x-slack-signature": SIGNED["x-slack-signature"].upper()}, GENUINE),
        (SIGNED | {"x-slack-signature": "v0=\udcff"}, GENUINE),
        (SIGNED | {"x-slack-request-timestamp": str(int(START.timestamp()) + 1)}, GENUINE),
        (SIGNED | {"x-slack-request-timestamp": "\u0663"}, GENUINE),
        (sign(GENUINE, START, key="another"), GENUINE),
        (sign(GENUINE, START, key=""), GENUINE),
    ],
)
def test_what_slack_did_not_sign_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(DeniedError) as caught:
        verify_request(Secret(KEY), headers, body, START)
    assert caught.value.code == "chat.signature"


def test_presses_dialogs_and_commands_are_told_apart() -> None:
    assert read_request(press(VALUE, trigger="1.2")) == Press(SENDER, CLAIM, "1.2")
    filled = submit(VALUE, confirm="web-1", comment="seen", trigger="1.2")
    assert read_request(filled) == Submission(SENDER, CLAIM, "1.2", "web-1", "seen")
    assert read_request(submit(VALUE, trigger="1.2")) == Submission(SENDER, CLAIM, "1.2", "", "")
    assert read_request(command("link", trigger="1.2")) == Command(SENDER, "link", "1.2")
    foreign = read_request(press(VALUE, home="T9"))
    assert isinstance(foreign, Press)
    assert foreign.sender.home == "T9"


@pytest.mark.parametrize(
    "body",
    [
        b"ssl_check=1",
        urlencode({"payload": '{"type":"view_closed","team":{"id":"T"},"user":{"id":"U"}}'}).encode(),
        urlencode(
            {
                "payload": '{"type":"block_actions","team":{"id":"T"},"user":{"id":"U"},'
                '"actions":[{"action_id":"soar_open"}]}'
            }
        ).encode(),
    ],
)
def test_what_asks_for_nothing_is_nothing(body: bytes) -> None:
    assert read_request(body) is None


@pytest.mark.parametrize("body", [press(VALUE, trigger=""), submit(VALUE, trigger=""), command("link", trigger="")])
def test_what_has_no_trigger_by_which_it_counts_once_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        read_request(body)


def test_a_wish_is_read_where_its_own_button_or_dialog_carries_it() -> None:
    for kind in WishKind:
        value = f"ap_1|{kind}|nonce"
        pressed, sent = read_request(press(value)), read_request(submit(value, comment="why"))
        assert isinstance(pressed, Press)
        assert isinstance(sent, Submission)
        assert pressed.claim == sent.claim == Wish("ap_1", kind, "nonce")
        assert sent.comment == "why"
        with pytest.raises(InputError):
            read_request(press(value).replace(f"soar_{kind}".encode(), b"soar_approve"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"payload=%5B%5D",
        b"payload={",
        b"team_id=T1",
        press("ap_1|approve"),
        press("ap_1|maybe|nonce"),
        press("ap_1|approve|a|b"),
        b"&".join(b"a=1" for _ in range(100)),
    ],
)
def test_what_slack_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_request(body)
    assert caught.value.code == "chat.request"
