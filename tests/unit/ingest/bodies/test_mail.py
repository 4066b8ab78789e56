import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.bodies.mail import LONGEST_HEADER, read_mail
from soar.model.errors import InputError

INNER = b"From: eve@evil.example\nTo: ann@corp.example\nSubject: Pay\n\nhttps://evil.example/pay\n"
ATTACHED = b"%PDF-1.4 not really"


def compose(*parts: bytes, headers: bytes = b"From: Ann <ann@corp.example>\n", boundary: bytes = b"b") -> bytes:
    body = b"".join(b"--%b\n%b\n" % (boundary, part) for part in parts)
    head = b"%bMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=%b\n\n" % (headers, boundary)
    return b"%b%b--%b--\n" % (head, body, boundary)


def test_a_message_is_read_into_facts() -> None:
    message = compose(
        b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ngr=FC=DFe\n",
        b"Content-Type: text/html\n\n<a href=x>y</a>\n",
        b"Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename*=utf-8''r%C3%A4t.pdf\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.b64encode(ATTACHED) + b"\n",
        headers=b'From: "bank@bank.example" <Eve@Evil.example>\nTo: ann@corp.example, Bob <bob@corp.example>\n'
        b"Subject: =?utf-8?b?w6Rw?=\n  fel\nMessage-ID: <m1@evil.example>\nDate: Sat, 21 Nov 2026 10:00:00 +0100\n"
        b"Received: one\nReceived: two\n",
    )
    found = read_mail(message)
    assert (found["from"], found["to"]) == (["eve@evil.example"], ["ann@corp.example", "bob@corp.example"])
    assert (found["subject"], found["date"], found["message_id"]) == (
        "äp fel",
        "2026-11-21T09:00:00Z",
        "<m1@evil.example>",
    )
    assert isinstance(found["headers"], dict)
    assert found["headers"]["received"] == ["one", "two"]
    assert (found["text"], found["html"]) == ("grüße\n", "<a href=x>y</a>\n")
    assert found["attachments"] == [
        {
            "name": "rät.pdf",
            "type": "application/pdf",
            "size": len(ATTACHED),
            "sha256": hashlib.sha256(ATTACHED).hexdigest(),
            "md5": hashlib.md5(ATTACHED, usedforsecurity=False).hexdigest(),
        }
    ]
    assert (found["messages"], found["faults"]) == ([], [])


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: message/rfc822\n\n" + INNER,
        b"Content-Type: application/octet-stream; name=mail.eml\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(INNER),
    ],
)
def test_a_reported_message_is_read_however_it_is_attached(part: bytes) -> None:
    found = read_mail(compose(part))
    assert isinstance(found["messages"], list)
    (reported,) = found["messages"]
    assert isinstance(reported, dict)
    assert (reported["from"], reported["subject"]) == (["eve@evil.example"], "Pay")
    assert "https://evil.example/pay" in str(reported["text"])
    assert found["attachments"] == []


def test_messages_are_not_followed_deeper_than_anybody_forwards() -> None:
    message = INNER
    for level in range(5):
        message = compose(b"Content-Type: message/rfc822\n\n" + message, boundary=b"level-%d" % level)
    depth, found = 0, read_mail(message)
    while found["messages"]:
        assert isinstance(found["messages"], list)
        (inner,) = found["messages"]
        assert isinstance(inner, dict)
        depth, found = depth + 1, inner
    assert depth == 2
    assert isinstance(found["attachments"], list)
    assert len(found["attachments"]) == 1


def test_what_is_not_well_formed_is_noted_and_not_lost() -> None:
    found = read_mail(compose(b"Content-Type: application/octet-stream; name=x.eml\n\nno message"))
    assert found["faults"] == ["x.eml: the message is refused: it begins with no header"]
    assert read_mail(b"Subject: =?utf-8?b?!?= \xc3\xa4\nDate: yesterday\n\nx")["date"] is None
    assert read_mail("Subject: ä\n\nx".encode())["subject"] == "ä"
    assert read_mail(b"Content-Type: text/plain; charset=punycode\n\na-b")["text"] == "a-b"
    assert len(str(read_mail(b"Subject: " + b"x" * 10_000 + b"\n\nx")["subject"])) <= LONGEST_HEADER


@pytest.mark.parametrize("body", [b"", b"no header", b"\n\nFrom: x", b"\xff\xfe"])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="the message is refused: it begins with no header"):
        read_mail(body)


@given(st.binary(max_size=400))
def test_any_bytes_behind_a_header_are_a_message(noise: bytes) -> None:
    assert read_mail(b"A: b\n" + noise)["attachments"] is not None
    assert isinstance(read_mail(compose(noise))["text"], str)
