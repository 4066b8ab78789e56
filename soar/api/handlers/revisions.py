"""Revisions of playbooks: proposed by authors, published by somebody else."""

from collections.abc import Sequence

from soar.api.call import Call
from soar.api.schemas.base import PageQuery
from soar.api.schemas.playbooks import view_finding
from soar.api.schemas.revisions import (
    DraftView,
    PublicationView,
    PublicationWanted,
    RevisionPage,
    RevisionSent,
    view_publication,
    view_revision,
)
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import DeniedError, FieldFault, InputError, NotFoundError
from soar.model.playbook import Playbook, Publication, Revision
from soar.model.values import JsonValue
from soar.playbook import Finding, Severity
from soar.playbook.harm import may_destroy
from soar.playbook.words import PLAYBOOK_ID
from soar.store import Unit


async def list_revisions(call: Call, query: PageQuery) -> RevisionPage:
    """List the drafts of a playbook, newest first."""
    playbook_id = call.part("id")

    def show(unit: Unit) -> RevisionPage:
        page = unit.drafts.page(playbook_id, query.limit, query.cursor)
        published = unit.publications.get(playbook_id)
        return RevisionPage(items=tuple(view_revision(draft, published) for draft in page.items), next=page.next)

    return await call.read(show)


async def push_revision(call: Call, sent: RevisionSent) -> DraftView:
    """Keep a document as the newest draft of a playbook; nothing changes in what serves."""
    playbook, findings = _check(call, sent.text)
    draft = Revision(
        playbook=playbook.id,
        digest=playbook.revision,
        text=sent.text,
        created_at=call.at,
        author=f"user:{call.principal.id}",
    )

    def keep(unit: Unit) -> None:
        newest = unit.drafts.newest(playbook.id)
        if newest is None or (newest.digest, newest.author) != (draft.digest, draft.author):
            unit.drafts.add(draft)
            _record(call, unit, "playbook.pushed", playbook.id, {"revision": draft.digest})

    await call.write(keep)
    return DraftView(playbook=playbook.id, revision=draft.digest, findings=tuple(map(view_finding, findings)))


async def publish_revision(call: Call, sent: PublicationWanted) -> PublicationView:
    """Make a draft the revision that serves; one that may destroy something is not published by who wrote it."""
    services, playbook_id = call.services, call.part("id")
    found = await call.read(lambda unit: _find_drafts(unit, playbook_id, sent.revision))
    playbook, _ = _check(call, found[0].text)
    current = services.library.current()
    is_grave = may_destroy(playbook, find_action=services.catalog.find_action, find_playbook=current.get)
    publication = Publication(
        playbook=playbook_id,
        digest=sent.revision,
        over=services.library.find_file(playbook_id),
        published_at=call.at,
        published_by=call.principal.id,
    )

    def publish(unit: Unit) -> None:
        drafts = _find_drafts(unit, playbook_id, sent.revision)
        if is_grave:
            _check_somebody_else(call, drafts)
        former = unit.publications.get(playbook_id)
        unit.revisions.put(drafts[0])
        unit.publications.set(publication)
        context: dict[str, JsonValue] = {
            "revision": publication.digest,
            "over": publication.over,
            "former": former.digest if former else None,
            "authors": [*sorted({draft.author for draft in drafts})],
            "may_destroy": is_grave,
        }
        _record(call, unit, "playbook.published", playbook_id, context)

    await call.write(publish)
    await services.refresh_library()
    call.announce("playbook", playbook_id)
    return view_publication(publication, may_destroy=is_grave)


def _find_drafts(unit: Unit, playbook: str, digest: str) -> tuple[Revision, ...]:
    """Return a playbook's drafts that have this text, the oldest first; at least one.

    Raises:
        NotFoundError: there is none.
    """
    found = unit.drafts.find(playbook, digest)
    if not found:
        hint = f"`soar playbook revisions {playbook}` shows them; `soar playbook push` adds one"
        raise NotFoundError(f"{playbook} has no draft {digest}", hint=hint)
    return found


def _check(call: Call, text: str) -> tuple[Playbook, list[Finding]]:
    """Return what a document is as the playbook of the address, as it would be checked when it is read from a file."""
    playbook_id = call.part("id")
    if not PLAYBOOK_ID.fullmatch(playbook_id):
        raise InputError(
            f"{playbook_id} is no playbook id", code="bad_id", hint="lower case letters and digits, joined by hyphens"
        )
    playbook, findings = call.services.library.check(playbook_id, text)
    if playbook is None:
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        raise InputError(
            f"the document has {len(errors)} errors",
            code="bad_playbook",
            hint="`soar playbook validate` shows them in their lines",
            faults=[_describe_fault(finding) for finding in errors],
        )
    return playbook, findings


def _describe_fault(finding: Finding) -> FieldFault:
    hint = f" ({finding.hint})" if finding.hint else ""
    place = f"line {finding.line}, column {finding.column}"
    return FieldFault("/text", f"{place}: {finding.code} {finding.message}{hint}")


def _check_somebody_else(call: Call, drafts: Sequence[Revision]) -> None:
    """Refuse to let somebody publish what they have written themselves.

    Raises:
        DeniedError: they have proposed this very text.
    """
    if any(draft.author == f"user:{call.principal.id}" for draft in drafts):
        raise DeniedError(
            "this revision may destroy something, and you have written it",
            code="own_revision",
            hint="ask another publisher to publish it",
        )


def _record(call: Call, unit: Unit, kind: str, playbook: str, context: dict[str, JsonValue]) -> None:
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "playbook", "id": playbook},
        context=context,
    )
    call.record(unit, event)
