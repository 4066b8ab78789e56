import asyncio
import base64
import re

import pytest
from pydantic import JsonValue

from connectors.imap.connector import Imap
from connectors.imap.mail import read_mail
from connectors.imap.session import quote
from soar.sdk import ActionInputError, AuthError, Batch, PermanentError, TransientError
from soar.sdk.testing import SECRET, Bench, WireDialer

SETTINGS: dict[str, JsonValue] = {"host": "mail.example", "port": 993, "tls": True, "user": "phish@corp.example"}
BENCH = Bench(Imap, hosts={"mail.example"}, settings=SETTINGS, credentials={"password": SECRET})
ALL = {"begin": "all"}


def write_mail(subject: str) -> bytes:
    return f"From: ann@corp.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()


class Server:
    """A folder in small; mails in `later` come one by one, each while somebody waits."""

    def __init__(self, *subjects: str, later: tuple[str, ...] = (), validity: int = 7) -> None:
        self.mails = {number: write_mail(subject) for number, subject in enumerate(subjects, 1)}
        self.later = [*later]
        self.validity = validity
        self.gone: set[int] = set()
        self.greeting = b"* OK ready\r\n"
        self.capability = b"* CAPABILITY IMAP4rev1 IDLE\r\n"
        self.said: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        while line := (await reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            self.said.append(command)
            if command == "IDLE":
                writer.write(b"+ idling\r\n* OK still here\r\n")
                writer.write(self._bring())
                await reader.readline()
                writer.write(f"{tag} OK done\r\n".encode())
            elif command.startswith("AUTHENTICATE") and base64.b64encode(b"good").decode() not in command:
                writer.write(b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")
                await reader.readline()
                writer.write(f"{tag} NO AUTHENTICATE failed\r\n".encode())
            else:
                writer.write(self._answer(command).replace(b"TAG", tag.encode()))
            await writer.drain()

    def _bring(self) -> bytes:
        if self.later:
            self.mails[max(self.mails, default=0) + 1] = write_mail(self.later.pop(0))
        return b"* %d EXISTS\r\n" % len(self.mails) if self.later or self.mails else b"* OK nothing\r\n"

    def _answer(self, command: str) -> bytes:
        match command.split(" ", 2):
            case ["LOGIN", *_]:
                is_right = command == f'LOGIN "phish@corp.example" {quote(SECRET)}'
                return b"TAG OK\r\n" if is_right else b"TAG NO [AUTHENTICATIONFAILED] no\r\n"
            case ["CAPABILITY"]:
                return self.capability + b"TAG OK\r\n"
            case ["EXAMINE", '"INBOX"']:
                following = max(self.mails, default=0) + 1
                return b"* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\nTAG OK [READ-ONLY]\r\n" % (
                    self.validity,
                    following,
                )
            case ["UID", "SEARCH", rest]:
                first, last = map(int, rest.removeprefix("UID ").split(":"))
                found = [str(number) for number in self.mails if first <= number <= last]
                return f"* SEARCH {' '.join(found)}\r\nTAG OK\r\n".encode()
            case ["UID", "FETCH", rest]:
                number = int(rest.split()[0])
                mail = self.mails[number]
                head = b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (number, number, len(mail))
                return b"TAG OK\r\n" if number in self.gone else head + mail + b")\r\nTAG OK\r\n"
            case _:
                return b"TAG NO there is none\r\n"


def subjects_of(batches: list[Batch]) -> list[str]:
    return [str(item.document["subject"]) for batch in batches for item in batch.items]


async def test_mails_are_taken_in_order_and_none_is_marked() -> None:
    server = Server("one", "two")
    dial = WireDialer(server.serve)
    batches = await BENCH.listen("mailbox", ALL, dial, most=3)
    assert dial.opened == [("mail.example", 993, True)]
    assert subjects_of(batches) == ["one", "two"]
    assert [batch.cursor for batch in batches] == [{"validity": 7, "uid": number} for number in (0, 1, 2)]
    assert batches[1].items[0].document["text"] == "hello\r\n"
    assert not any(re.search(r"SELECT|STORE|BODY\[", command) for command in server.said)


async def test_a_mail_that_comes_while_we_wait_is_taken_at_once() -> None:
    server = Server(later=("three", "four"))
    batches = await BENCH.listen("mailbox", {}, WireDialer(server.serve), most=3)
    assert subjects_of(batches) == ["three", "four"]


async def test_a_server_that_tells_of_mails_that_are_not_there_is_left_alone_for_a_while() -> None:
    server = Server("old")
    await BENCH.listen("mailbox", {}, WireDialer(server.serve))
    assert server.said.count("IDLE") == 1


async def test_what_was_there_before_the_beginning_is_left_unless_it_is_wanted() -> None:
    server = Server("old")
    server.capability = b"* CAPABILITY IMAP4rev1\r\n"
    (begun,) = await BENCH.listen("mailbox", {}, WireDialer(server.serve))
    assert (begun.items, begun.cursor) == ([], {"validity": 7, "uid": 1})
    assert subjects_of(await BENCH.listen("mailbox", ALL, WireDialer(server.serve))) == ["old"]


async def test_it_goes_on_where_it_was_and_looks_at_all_again_where_the_numbers_have_changed() -> None:
    server = Server("one", "two", "three")
    server.capability = b"* CAPABILITY IMAP4rev1\r\n"
    after = await BENCH.listen("mailbox", {}, WireDialer(server.serve), {"validity": 7, "uid": 2})
    assert subjects_of(after) == ["three"]
    anew = await BENCH.listen("mailbox", {}, WireDialer(server.serve), {"validity": 6, "uid": 2})
    assert subjects_of(anew) == ["one", "two", "three"]
    assert anew[2].items[0].key == after[0].items[0].key


async def test_a_mail_that_is_deleted_meanwhile_is_passed_over() -> None:
    server = Server("one", "two")
    server.gone, server.capability = {1}, b"* CAPABILITY IMAP4rev1\r\n"
    batches = await BENCH.listen("mailbox", ALL, WireDialer(server.serve))
    assert subjects_of(batches) == ["two"]
    assert batches[-1].cursor == {"validity": 7, "uid": 2}


@pytest.mark.parametrize("credentials", [{"password": "wrong"}, {"token": "bad"}])
async def test_a_server_that_lets_nobody_in_is_for_people_to_put_right(credentials: dict[str, str]) -> None:
    with pytest.raises(AuthError, match="does not let us in"):
        await Bench(Imap, settings=SETTINGS, credentials=credentials).listen("mailbox", {}, WireDialer(Server().serve))


@pytest.mark.parametrize(
    ("greeting", "capability", "folder", "error", "says"),
    [
        (b"* BYE busy\r\n", b"", "INBOX", TransientError, "greets with"),
        (b"* OK\r\n", b"", "Spam", PermanentError, "there is none"),
        (b"* OK\r\n", b"* X {999999999}\r\n", "INBOX", PermanentError, "999999999 bytes"),
        (b"* OK\r\n", b"* X\r\n" * 20_001, "INBOX", PermanentError, "more than"),
        (b"* OK\r\n", b"", "Spam\u00e4", ActionInputError, "printable ASCII"),
        (b"* OK\r\n", b"", "a\r\nb", ActionInputError, "printable ASCII"),
    ],
)
async def test_a_server_that_answers_otherwise_is_told_apart(
    greeting: bytes, capability: bytes, folder: str, error: type[Exception], says: str
) -> None:
    server = Server()
    server.greeting, server.capability = greeting, capability
    with pytest.raises(error, match=says):
        await BENCH.listen("mailbox", {"folder": folder}, WireDialer(server.serve))


def test_a_mail_reported_by_forwarding_is_read_as_the_one_that_was_sent() -> None:
    mail = (
        b"From: ann@corp.example\r\nSubject: FW: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nlook at this\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Received: from a.example\r\nReceived: from b.example\r\nFrom: evil@bad.example\r\nSubject: invoice\r\n"
        b'Content-Type: multipart/mixed; boundary="c"\r\n\r\n'
        b"--c\r\nContent-Type: text/html\r\n\r\n<a href=http://bad.example/>pay</a>\r\n"
        b'--c\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="i.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--c--\r\n--b--\r\n"
    )
    found = read_mail(mail)
    assert (found["subject"], found["text"]) == ("FW: grüße", "look at this")
    reported = found["reported"]
    assert isinstance(reported, dict)
    assert (reported["from"], reported["subject"]) == ("evil@bad.example", "invoice")
    assert reported["received"] == ["from a.example", "from b.example"]
    assert "http://bad.example/" in str(reported["html"])
    digest = "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027"
    assert reported["attachments"] == [{"name": "i.pdf", "type": "application/pdf", "size": 4, "sha256": digest}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: \xff\xff\r\nSubject: =?x?q?\xff?=\r\n\r\n\xff",
        b"Date: yesterday\r\nTo: <<<\r\nFrom: @\r\nMessage-ID: <[\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: message/rfc822\r\n\r\n",
        b'Content-Type: text/plain; charset="\r\n\r\nx',
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000,
    ],
)
def test_no_mail_is_too_odd_to_be_read(content: bytes) -> None:
    found = read_mail(content)
    assert isinstance(found["subject"], str)
    str(found).encode()
