"""Dead letters: seen, put back, discarded."""

from typing import assert_never

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers.runs import start_retry
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.dead_letters import DeadLetterPage, DeadLetterReplayed, view_letter
from soar.api.things import Shown, Things
from soar.audit.actor import describe_principal
from soar.ingest.retry import Retry
from soar.model.audit import AuditEvent, Outcome
from soar.model.dead_letter import DeadLetter, LetterKind
from soar.model.errors import NotFoundError
from soar.runtime.parking import put_back
from soar.store import Unit


async def list_letters(call: Call, query: PageQuery) -> DeadLetterPage:
    """List what the service has given up on, newest first."""

    def show(unit: Unit) -> DeadLetterPage:
        shown = Shown(call, Permission.LETTER_READ, Things(call, unit).of_letter)
        page = shown.page(lambda cursor: unit.dead_letters.list(query.limit, cursor), query.cursor)
        return DeadLetterPage(items=tuple(map(view_letter, page.items)), next=page.next)

    return await call.read(show)


async def replay_letter(call: Call, _: Nothing) -> DeadLetterReplayed:
    """Put back what was given up on: a timer is set anew, a run is tried again, one that is stuck is looked at anew."""

    def replay(unit: Unit) -> DeadLetterReplayed:
        letter = _take_letter(call, unit)
        run = _put_back(call, unit, letter)
        _record(call, unit, letter, "dead_letter.replayed", run)
        return DeadLetterReplayed(letter=letter.id, run=run)

    replayed = await call.write(replay)
    if replayed.run is not None:
        call.announce("run", replayed.run)
    return replayed


async def discard_letter(call: Call, _: Nothing) -> web.Response:
    """Discard what was given up on, for good."""

    def discard(unit: Unit) -> None:
        _record(call, unit, _take_letter(call, unit), "dead_letter.discarded", None)

    await call.write(discard)
    return web.Response(status=204)


def _take_letter(call: Call, unit: Unit) -> DeadLetter:
    letter = unit.dead_letters.get(call.part("id"))
    if letter is None:
        raise NotFoundError(f"no dead letter {call.part('id')}", hint="`soar dead-letter list` shows them")
    unit.dead_letters.remove(letter.id)
    return letter


def _put_back(call: Call, unit: Unit, letter: DeadLetter) -> str | None:
    """Put back what a letter is about; return the id of the run that was started for it."""
    match letter.kind:
        case LetterKind.TIMER | LetterKind.EVENT:
            put_back(unit, letter, call.at)
            return None
        case LetterKind.RUN:
            call.check(Permission.RUN_RETRY, Things(call, unit).find_run(letter.subject))
            return start_retry(call, unit, letter.subject, Retry()).id
        case LetterKind.STUCK:
            return None
        case _:
            assert_never(letter.kind)


def _record(call: Call, unit: Unit, letter: DeadLetter, kind: str, run: str | None) -> None:
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "dead_letter", "id": letter.id},
        reason=letter.reason,
        context={"kind": letter.kind.value, "subject": letter.subject, "tries": letter.tries, "run": run},
    )
    call.record(unit, event)
