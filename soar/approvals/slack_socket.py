"""Hears Slack without a public address: over a WebSocket that we open, by Socket Mode.

https://docs.slack.dev/apis/events-api/using-socket-mode

Every process holds a connection of its own: Slack gives each event to one of them, ten at most, and whichever gets it
can count it, as all that matters is in the store. So no lease decides who hears, and when a process dies the others
hear on at once. What was not received comes again over another connection; a vote that comes twice counts once.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from soar.approvals.platform import Office, Platform
from soar.approvals.slack_desk import SlackDesk
from soar.approvals.slack_envelope import Envelope, Goodbye, Hello, read_message, write_receipt
from soar.approvals.slack_request import Command, SlackRequest
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import DeniedError, SoarError, UnavailableError
from soar.model.values import JsonValue
from soar.sdk.websocket import WebSocket, WebSocketDoor

_PARENT = ".slack.com"
_ANSWER_WITHIN = 2.0  # seconds; Slack waits for three
_MOST_ANSWERED = 50
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_MOST_DOUBLINGS = 10
_LATE = "This takes longer than Slack waits; look at the page, or ask again."
_BUSY = "Too much is asked at once; ask again shortly."


class SlackSocket:
    """Keeps a WebSocket to Slack, and hands what comes to the desk that hears Slack.

    Args:
        platform: Slack.
        office: what it works with.
        desk: takes what people do.
        door: opens the connection.
        may_record: whether another denial of somebody goes into the audit, so that a flood of them cannot fill the
            disk; the rest is refused and not recorded.
    """

    def __init__(
        self,
        platform: Platform,
        office: Office,
        desk: SlackDesk,
        door: WebSocketDoor,
        *,
        may_record: Callable[[str], bool],
    ) -> None:
        self._platform = platform
        self._office = office
        self._desk = desk
        self._door = door
        self._may_record = may_record
        self._answering: set[asyncio.Task[None]] = set()
        self._failures = 0

    async def run(self) -> None:
        """Listen until cancelled; where Slack cannot be reached, try again, the later the more often it failed."""
        try:
            while True:
                asked = 0.0
                try:
                    await self.listen()
                except SoarError as error:
                    self._office.report("", f"Slack is not heard: {error.message}")
                    asked = error.retry_after if isinstance(error, UnavailableError) else 0.0
                pause = min(_FIRST_PAUSE * (1 << min(self._failures, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
                self._failures += 1
                await self._office.clock.sleep(max(pause, asked))
        finally:
            for answering in self._answering:
                answering.cancel()

    async def listen(self) -> None:
        """Open one connection, and take what comes until Slack asks for another.

        Raises:
            SoarError: Slack cannot be reached, does not want us, or the connection has ended.
        """
        url = await self._find_address()
        host = urlsplit(url).hostname or ""
        if not host.endswith(_PARENT):
            raise DeniedError("Slack has named an address that is not its own", code="egress_refused")
        async with self._door.open(url, hosts=frozenset({host})) as socket:
            while True:
                message = read_message(await socket.receive())
                match message:
                    case Hello():
                        self._failures = 0
                    case Goodbye():
                        return
                    case Envelope():
                        await self._receive(socket, message)

    async def _find_address(self) -> str:
        answer = await self._office.call(self._platform, None, "open_socket", {})
        match answer.output:
            case {"url": str(url)} if answer.code is None:
                return url
            case _:
                raise UnavailableError(
                    answer.message, retry_after=answer.retry_after or _FIRST_PAUSE, hint="check the app_token"
                )

    async def _receive(self, socket: WebSocket, envelope: Envelope) -> None:
        """Receipt an envelope, and have what is in it worked on; what a command is answered goes with its receipt."""
        if envelope.fault:
            self._office.report("", envelope.fault)
        if isinstance(envelope.request, Command):
            if len(self._answering) >= _MOST_ANSWERED:
                await socket.send(write_receipt(envelope, _say_alone(_BUSY)))
                return
            answering = asyncio.create_task(self._answer(socket, envelope, envelope.request), name="slack command")
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)
            return
        await socket.send(write_receipt(envelope))
        if envelope.request is not None:
            await self._take(envelope.request)

    async def _answer(self, socket: WebSocket, envelope: Envelope, command: Command) -> None:
        """Answer a command in time; what takes longer goes on to its end."""
        taking = asyncio.create_task(self._take(command), name="slack command")
        try:
            done, _ = await asyncio.wait({taking}, timeout=_ANSWER_WITHIN)
            await socket.send(write_receipt(envelope, taking.result() if done else _say_alone(_LATE)))
            await taking
        except SoarError as error:  # Slack shows its sender that nothing came of it
            self._office.report("", error.message)
        finally:
            taking.cancel()

    async def _take(self, request: SlackRequest) -> dict[str, JsonValue] | None:
        """Hand a request on, as one that came over HTTP; what is not for us is in the audit."""
        try:
            return await self._desk.take(request)
        except DeniedError as error:
            await self._record_denial(request, error)
        except UnavailableError as error:
            self._office.report("", error.message)
        return None

    async def _record_denial(self, request: SlackRequest, error: DeniedError) -> None:
        sender, office = request.sender, self._office
        account = f"slack:{sender.team}:{sender.account}"
        if not self._may_record(account):
            return
        event = AuditEvent(
            type="access.denied",
            outcome=Outcome.DENIED,
            actor=Actor(kind="chat_account", id=account, name="", via="slack"),
            target={"kind": "connection", "id": self._platform.connection},
            reason=error.message,
            context={"code": error.code},
        )
        at, id_ = office.clock.now(), office.ids.new("ev")
        await office.store.write(office.workspace, lambda unit: record(unit, event, at=at, id=id_))


def _say_alone(text: str) -> dict[str, JsonValue]:
    """Return a message that its sender alone sees."""
    return {"response_type": "ephemeral", "text": text}
