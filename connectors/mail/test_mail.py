import asyncio
import base64
import email
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pydantic import JsonValue

from connectors.mail.connector import Mailer
from connectors.mail.letter import Letter, write_letter
from soar.sdk import ActionCode, ActionInputError
from soar.sdk.testing import NOW, SECRET, ActionAnswer, Bench, WireDialer

SETTINGS: dict[str, Any] = {
    "host": "mail.example",
    "port": 465,
    "tls": "implicit",
    "user": "soar",
    "from": "soar@corp.example",
    "domains": ["corp.example"],
    "channels": {"soc": "ann@corp.example, bob@corp.example"},
}
MAIL = {"to": ["ann@corp.example"], "subject": "Ransomware on srv-1", "text": "Look at it.\n.hidden\n..\nbye"}
CARD = {"channel": "soc", "subject": "[soar] AB12: Isolate web-1?", "text": "AB12 · 0 of 1 yes: Isolate web-1?"}


@dataclass
class Server:
    """A server that takes mails, and nothing that the standard forbids: no bare line feed, no line above 998 bytes."""

    offers: tuple[str, ...] = ("8BITMIME", "STARTTLS", "AUTH LOGIN PLAIN XOAUTH2")
    greeting: str = "220 mail.example ESMTP"
    answers: dict[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    hangs_up_after: str = "never"
    said: list[str] = field(default_factory=list)
    mails: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak until the client has nothing more to say."""
        writer.write(f"{self.greeting}\r\n".encode())
        sender, recipients = "", list[str]()
        while line := await reader.readline():
            assert line.endswith(b"\r\n"), "a bare line feed"
            command = line.decode().removesuffix("\r\n")
            self.said.append(command)
            if command == self.hangs_up_after:
                return
            word = command.partition(":")[0].upper()
            reply = self.answers.get(word) or self._answer(command)
            if word == "MAIL FROM":
                sender, recipients = command[11:-1], []
            elif word == "RCPT TO" and reply.startswith("250"):
                recipients.append(command[9:-1])
            writer.write(f"{reply}\r\n".encode())
            if reply.startswith("354"):
                content = await self._take(reader)
                if self.hangs_up_after == ".":
                    return
                self.mails.append((sender, tuple(recipients), content))
                writer.write(f"{self.answers.get('.', '250 queued')}\r\n".encode())
            await writer.drain()

    def _answer(self, command: str) -> str:
        match command.split(" "):
            case ["EHLO", name]:
                return (
                    "\r\n".join(f"250-{line}" for line in (f"mail.example greets {name}", *self.offers)) + "\r\n250 OK"
                )
            case ["RCPT", address] if address[4:-1] in self.unknown:
                return "550 5.1.1 nobody is called that"
            case ["MAIL" | "RCPT", _]:
                return "250 fine"
            case ["DATA"]:
                return "354 go on"
            case ["STARTTLS"]:
                return "220 go on"
            case ["QUIT"]:
                return "221 bye"
            case words:
                return self._admit(words)

    def _admit(self, words: list[str]) -> str:
        match words:
            case ["AUTH", "PLAIN", given]:
                is_right = base64.b64decode(given).decode() == f"\0soar\0{SECRET}"
            case ["AUTH", "LOGIN"]:
                return "334 VXNlcm5hbWU6"
            case ["AUTH", "XOAUTH2", given]:
                is_right = b"Bearer good\x01" in base64.b64decode(given)
                return "235 welcome" if is_right else "334 eyJzdGF0dXMiOiI0MDEifQ=="
            case [given] if base64.b64decode(given) == b"soar":
                return "334 UGFzc3dvcmQ6"
            case [given]:
                is_right = base64.b64decode(given).decode() == SECRET
            case _:
                return "500 what"
        return "235 welcome" if is_right else "535 5.7.8 no"

    async def _take(self, reader: asyncio.StreamReader) -> bytes:
        lines: list[bytes] = []
        while (line := await reader.readline()) != b".\r\n":
            assert line.endswith(b"\r\n"), "a bare line feed, or an end without one"
            assert len(line) <= 1000
            assert b"\r" not in line[:-2]
            assert line.isascii()
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    @property
    def letter(self) -> EmailMessage:
        ((_, _, content),) = self.mails
        read = email.message_from_bytes(content, policy=default)
        assert isinstance(read, EmailMessage)
        return read


def open_bench(credentials: dict[str, str] | None = None, **changes: JsonValue) -> Bench:
    known = {"password": SECRET} if credentials is None else credentials
    return Bench(Mailer, hosts={"mail.example"}, settings=SETTINGS | changes, credentials=known)


BENCH = open_bench()


async def send(
    server: Server, arguments: dict[str, Any] = MAIL, *, name: str = "send", bench: Bench = BENCH
) -> ActionAnswer:
    return await bench.send(name, arguments, WireDialer(server.serve))


async def test_a_mail_is_plain_text_that_a_machine_has_written() -> None:
    server = Server()
    answer = await send(server, MAIL | {"to": ["ann@corp.example", "bob@CORP.example", "ann@corp.example"]})
    assert answer.code is None, answer.message
    sender, recipients, _ = server.mails[0]
    assert (sender, recipients) == ("soar@corp.example", ("ann@corp.example", "bob@CORP.example"))
    letter = server.letter
    assert letter["To"] == "ann@corp.example, bob@CORP.example"
    assert letter["Subject"] == "Ransomware on srv-1"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Type"] == 'text/plain; charset="utf-8"'
    assert letter["Date"].datetime == NOW
    assert answer.output == {"message_id": letter["Message-ID"], "refused": []}
    assert letter.get_content().splitlines() == str(MAIL["text"]).splitlines()
    assert "In-Reply-To" not in letter
    assert server.said[-1] == "QUIT"


async def test_the_same_effect_has_the_same_name_and_what_follows_stands_in_its_thread() -> None:
    first, again = Server(), Server()
    sent = await send(first)
    assert (await send(again)).output == sent.output
    follow = Server()
    assert isinstance(sent.output, dict)
    thread = str(sent.output["message_id"])
    dial = WireDialer(follow.serve)
    await BENCH.send("post", CARD | {"thread": thread}, dial, key="key-2")
    assert (follow.letter["In-Reply-To"], follow.letter["References"]) == (thread, thread)
    assert follow.letter["Message-ID"] != thread
    assert dial.opened == [("mail.example", 465, True)]


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({}, ("ann@corp.example", "bob@corp.example")),
        ({"channel": "cleo@corp.example"}, ("cleo@corp.example",)),
        ({"channel": "approvers", "to": ["dave@corp.example"]}, ("dave@corp.example",)),
    ],
)
async def test_a_channel_stands_for_addresses(changes: dict[str, Any], to: tuple[str, ...]) -> None:
    server = Server()
    answer = await send(server, CARD | changes, name="post_card")
    assert answer.output == {"channel": (CARD | changes)["channel"], "message": server.letter["Message-ID"]}
    assert server.mails[0][1] == to


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send", MAIL | {"subject": "a\r\nBcc: eve@evil.example"}),
        ("send", MAIL | {"subject": "a\nb"}),
        ("send", MAIL | {"subject": "a\u2028b"}),
        ("send", MAIL | {"subject": "a\x00b"}),
        ("send", MAIL | {"to": ["ann@corp.example\r\nRCPT TO:<eve@evil.example>"]}),
        ("send", MAIL | {"to": ["Ann <ann@corp.example>"]}),
        ("send", MAIL | {"to": ["ann@corp.example,eve@evil.example"]}),
        ("send", MAIL | {"to": ['"a b"@corp.example']}),
        ("send", MAIL | {"to": ["ann"]}),
        ("send", MAIL | {"to": ["eve@evil.example"]}),
        ("send", MAIL | {"to": ["eve@corp.example.evil.example"]}),
        ("send", MAIL | {"to": ["x" * 250 + "@corp.example"]}),
        ("send", MAIL | {"to": []}),
        ("send", MAIL | {"thread": "<a@b>\r\nBcc: eve@evil.example"}),
        ("send", MAIL | {"thread": "<a@b> <c@d>"}),
        ("post_card", CARD | {"channel": "elsewhere"}),
        ("post_card", CARD | {"channel": "approvers"}),
        ("post_card", CARD | {"channel": "eve@evil.example"}),
    ],
)
async def test_what_would_go_elsewhere_or_say_more_is_refused_before_anybody_is_spoken_to(
    name: str, arguments: dict[str, Any]
) -> None:
    dial = WireDialer(Server().serve)
    answer = await BENCH.send(name, arguments, dial)
    assert answer.code is ActionCode.INVALID
    assert dial.opened == []


@pytest.mark.parametrize("text", ["\r\n.\r\nMAIL FROM:<eve@evil.example>", ".", "\n\n.\n", "a\rb", "\x00", "é" * 2000])
async def test_nothing_in_a_text_ends_the_mail_or_breaks_its_lines(text: str) -> None:
    server = Server()
    assert (await send(server, MAIL | {"text": text})).code is None
    assert server.letter.get_content().splitlines() == text.splitlines()
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("tls", "words"),
    [("starttls", ["EHLO corp.example", "STARTTLS", "EHLO corp.example"]), ("implicit", ["EHLO corp.example"])],
)
async def test_nothing_but_a_greeting_comes_before_tls(tls: str, words: list[str]) -> None:
    server = Server()
    dial = WireDialer(server.serve)
    assert (await open_bench(tls=tls).send("send", MAIL, dial)).code is None
    assert dial.opened == [("mail.example", 465, True)]
    assert server.said[: len(words)] == words
    assert server.said[len(words)].startswith("AUTH PLAIN")


async def test_a_server_without_tls_gets_neither_password_nor_mail() -> None:
    server = Server(offers=("AUTH PLAIN",))
    answer = await send(server, bench=open_bench(tls="starttls"))
    assert (answer.code, server.said, server.mails) == (ActionCode.FORBIDDEN, ["EHLO corp.example"], [])


@pytest.mark.parametrize(
    ("changes", "code"), [({"tls": "none"}, ActionCode.FORBIDDEN), ({"tls": "perhaps"}, ActionCode.INVALID)]
)
async def test_only_a_server_on_this_machine_goes_without_tls(changes: dict[str, Any], code: ActionCode) -> None:
    assert (await send(Server(), bench=open_bench(**changes))).code is code
    server = Server(offers=())
    answer = await send(server, bench=open_bench(tls="none", host="localhost", user=""))
    assert (answer.code, len(server.mails)) == (None, 1)


@pytest.mark.parametrize(
    ("credentials", "offers", "code"),
    [
        ({"password": SECRET}, "AUTH LOGIN", None),
        ({"token": "good"}, "AUTH XOAUTH2", None),
        ({"token": "bad"}, "AUTH XOAUTH2", ActionCode.AUTH),
        ({"password": "wrong"}, "AUTH PLAIN", ActionCode.AUTH),
        ({"password": "wrong"}, "AUTH LOGIN", ActionCode.AUTH),
        ({"password": SECRET}, "AUTH CRAM-MD5", ActionCode.AUTH),
        ({}, "AUTH PLAIN", ActionCode.AUTH),
    ],
)
async def test_we_sign_in_as_the_server_wants_it(
    credentials: dict[str, str], offers: str, code: ActionCode | None
) -> None:
    server = Server(offers=(offers,))
    answer = await send(server, bench=open_bench(credentials=credentials))
    assert (answer.code, len(server.mails)) == (code, 0 if code else 1)


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (Server(greeting="421 busy"), ActionCode.UNAVAILABLE),
        (Server(greeting="554 not you"), ActionCode.INVALID),
        (Server(greeting="+OK POP3"), ActionCode.INVALID),
        (Server(answers={"MAIL FROM": "530 5.7.0 sign in first"}), ActionCode.AUTH),
        (Server(answers={"MAIL FROM": "451 later"}), ActionCode.UNAVAILABLE),
        (Server(answers={"RCPT TO": "450 greylisted"}), ActionCode.UNAVAILABLE),
        (Server(answers={"RCPT TO": "550 nobody"}), ActionCode.INVALID),
        (Server(answers={"DATA": "503 no"}), ActionCode.INVALID),
        (Server(answers={".": "552 too large"}), ActionCode.INVALID),
        (Server(answers={".": "452 full"}), ActionCode.UNAVAILABLE),
        (Server(hangs_up_after="EHLO corp.example"), ActionCode.UNAVAILABLE),
        (Server(hangs_up_after="DATA"), ActionCode.UNAVAILABLE),
        (Server(hangs_up_after="."), ActionCode.UNKNOWN_OUTCOME),
        (Server(offers=tuple("x" * 101)), ActionCode.INVALID),
    ],
)
async def test_every_failure_has_its_code_and_shows_no_secret(server: Server, code: ActionCode) -> None:
    answer = await send(server)
    assert answer.code is code, answer.message
    assert SECRET not in answer.message


async def test_a_recipient_that_the_server_refuses_keeps_no_mail_from_the_others() -> None:
    server = Server(unknown=frozenset({"bob@corp.example"}))
    answer = await send(server, MAIL | {"to": ["ann@corp.example", "bob@corp.example"]})
    assert isinstance(answer.output, dict)
    assert answer.output["refused"] == ["bob@corp.example"]
    assert server.mails[0][1] == ("ann@corp.example",)


async def test_a_server_that_hangs_has_got_nothing() -> None:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    answer = await BENCH.send("send", MAIL, WireDialer(hang), seconds=0.1)
    assert (answer.code, "nothing was sent" in answer.message) == (ActionCode.UNAVAILABLE, True)


def test_a_subject_in_any_language_is_one_header_of_ascii() -> None:
    letter = Letter(
        sender="soar@corp.example",
        recipients=("ann@corp.example",),
        subject="日本語 " * 40 + "ü",
        text="x",
        key="k",
        at=datetime.fromisoformat("2026-03-01T09:00:00+00:00"),
    )
    content = write_letter(letter)
    assert content.isascii()
    assert email.message_from_bytes(content, policy=default)["Subject"] == letter.subject
    with pytest.raises(ActionInputError, match="no mail address"):
        write_letter(Letter(**{**{name: getattr(letter, name) for name in letter.__slots__}, "sender": "soar"}))
