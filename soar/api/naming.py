"""What each route names: found in its address and its body, and asked for thing by thing before its handler begins."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from soar.access.permissions import Permission
from soar.access.subjects import describe_playbook
from soar.access.things import Thing
from soar.api.call import Call
from soar.api.denials import record_denial
from soar.api.schemas.alerts import AlertSent
from soar.api.schemas.base import Incoming
from soar.api.schemas.messages import MessageQuery, MessageSent
from soar.api.schemas.playbooks import DocumentSent
from soar.api.schemas.revisions import PublicationWanted, RevisionSent
from soar.api.things import Things
from soar.model.errors import DeniedError
from soar.playbook import parse_playbook
from soar.store import Unit

LOG = logging.getLogger("soar.access")

Named: TypeAlias = Iterable[tuple[Permission | None, Thing]]
Find: TypeAlias = Callable[[Call, Things, Incoming], Named]


@dataclass(frozen=True, slots=True)
class Listed:
    """The route names nothing: its handler shows a caller only what they may see."""


LISTED = Listed()
Names: TypeAlias = Find | Listed


async def check_named(call: Call, permission: Permission, find: Find, sent: Incoming) -> None:
    """Ask the one decision for everything that a request names.

    Raises:
        NotFoundError: something that it names is not there.
        DeniedError: the caller may not do this to one of these things; it is in the audit.
    """

    def find_all(unit: Unit) -> list[tuple[Permission, Thing]]:
        return [(own or permission, thing) for own, thing in find(call, Things(call, unit), sent)]

    for wanted, thing in await call.read(find_all):
        await require(call, wanted, thing)


async def require(call: Call, permission: Permission, thing: Thing) -> None:
    """Refuse a caller who may not do this to this thing.

    Raises:
        DeniedError: they may not; it is in the audit.
    """
    LOG.debug("%s asks for %s on %s", call.principal.id, permission, thing.label)
    try:
        call.check(permission, thing)
    except DeniedError as error:
        target = {"kind": thing.kind.value, "id": thing.id, "permission": permission.value}
        await record_denial(call.desk, call.request, call.caller, target, error)
        raise


def name_run(call: Call, things: Things, _: Incoming) -> Named:
    """Name the run of the address."""
    return [(None, things.find_run(call.part("id")))]


def name_alert(call: Call, things: Things, _: Incoming) -> Named:
    """Name the alert of the address."""
    return [(None, things.find_alert(call.part("id")))]


def name_approval(call: Call, things: Things, _: Incoming) -> Named:
    """Name the question of the address."""
    return [(None, things.find_approval(call.part("id")))]


def name_response(call: Call, things: Things, _: Incoming) -> Named:
    """Name the active response of the address."""
    return [(None, things.find_response(call.part("id")))]


def name_letter(call: Call, things: Things, _: Incoming) -> Named:
    """Name the dead letter of the address."""
    return [(None, things.find_letter(call.part("id")))]


def name_playbook(call: Call, things: Things, _: Incoming) -> Named:
    """Name the playbook of the address."""
    return [(None, things.name_playbook(call.part("id")))]


def name_list(call: Call, things: Things, _: Incoming) -> Named:
    """Name the list of the address."""
    return [(None, things.name_list(call.part("name")))]


def name_credential(call: Call, things: Things, _: Incoming) -> Named:
    """Name the credential of the address."""
    return [(None, things.name_credential(call.part("name")))]


def name_channel(_: Call, things: Things, sent: Incoming) -> Named:
    """Name the channel that is read, or written into."""
    return [(None, things.name_channel(sent.channel))] if isinstance(sent, MessageQuery | MessageSent) else []


def name_sent_source(_: Call, things: Things, sent: Incoming) -> Named:
    """Name the source that an alert is sent as."""
    return [(None, things.name_source(sent.source))] if isinstance(sent, AlertSent) else []


def name_source(call: Call, things: Things, _: Incoming) -> Named:
    """Name the source of the address."""
    return [(None, things.name_source(call.part("source")))]


def name_document(call: Call, things: Things, sent: Incoming) -> Named:
    """Name the playbook that a document is to be, and everything that the document names at any depth."""
    return _name_text(call, things, sent.id, sent.text) if isinstance(sent, DocumentSent) else []


def name_draft(call: Call, things: Things, sent: Incoming) -> Named:
    """Name the playbook of the address, and everything that the draft which is sent or meant names at any depth."""
    playbook = call.part("id")
    match sent:
        case RevisionSent(text=text):
            return _name_text(call, things, playbook, text)
        case PublicationWanted(revision=revision):
            return _name_text(call, things, playbook, things.find_draft(playbook, revision))
        case _:
            return []


def _name_text(call: Call, things: Things, playbook_id: str, text: str) -> Named:
    """Name a playbook as it is and as it would be, and what its text names.

    A text that cannot be read names nothing, and nothing comes of it but findings.
    """
    serving = call.services.library.current().get(playbook_id)
    playbook, _ = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
    teams = dict.fromkeys(found.team for found in (serving, playbook) if found) or {None: None}
    own: Named = [(None, describe_playbook(call.workspace, playbook_id, team)) for team in teams]
    return own if playbook is None else [*own, *things.list_named(playbook)]
