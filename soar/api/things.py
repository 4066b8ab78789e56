"""The things that a request names, wherever it names them, as scopes see them."""

from collections.abc import Callable, Iterable
from typing import Generic, Literal, TypeVar, assert_never

from soar.access.permissions import Permission
from soar.access.subjects import (
    describe_alert,
    describe_approval,
    describe_case,
    describe_channel,
    describe_connection,
    describe_connector,
    describe_credential,
    describe_list,
    describe_playbook,
    describe_response,
    describe_run,
    describe_source,
    describe_use,
)
from soar.access.things import Kind, Thing
from soar.api.call import Call
from soar.approvals.service import find_approval
from soar.model.alert import Alert
from soar.model.approval import Approval
from soar.model.case import Case
from soar.model.dead_letter import DeadLetter, LetterKind
from soar.model.errors import BugError, NotFoundError
from soar.model.page import Page
from soar.model.playbook import Playbook
from soar.model.response import Response
from soar.model.run import Run
from soar.playbook.references import Reference, ReferenceKind, find_references
from soar.store import Unit

M = TypeVar("M")

_MOST_PAGES = 10


class Things:
    """Tells what scopes see of things, in one transaction; each is loaded from the caller's workspace.

    Args:
        call: who asks.
        unit: the transaction.
    """

    def __init__(self, call: Call, unit: Unit) -> None:
        self._call = call
        self._unit = unit
        self._workspace = call.workspace

    def find(self, kind: Kind, id_: str) -> Thing:
        """Return a thing by its kind and its id or name; what is known by name alone need not be there.

        Raises:
            NotFoundError: there is no such thing.
            BugError: it is an action, which only a run's call makes a thing.
        """
        match kind:
            case Kind.ALERT:
                return self.find_alert(id_)
            case Kind.RUN:
                return self.find_run(id_)
            case Kind.LETTER:
                return self.find_letter(id_)
            case Kind.APPROVAL:
                return self.find_approval(id_)
            case Kind.RESPONSE:
                return self.find_response(id_)
            case Kind.CASE:
                return self.of_case(_need(self._unit.cases.get(id_), f"no case {id_}", "GET /api/v1/cases lists them"))
            case Kind.ACTION:
                raise BugError(f"the action {id_} is no thing without a run")
            case _:
                return self._name(kind, id_)

    def _name(
        self,
        kind: Literal[
            Kind.PLAYBOOK, Kind.CONNECTOR, Kind.CONNECTION, Kind.CREDENTIAL, Kind.SOURCE, Kind.LIST, Kind.MESSAGE
        ],
        name: str,
    ) -> Thing:
        match kind:
            case Kind.PLAYBOOK:
                return self.name_playbook(name)
            case Kind.CONNECTOR:
                return describe_connector(self._workspace, name)
            case Kind.CONNECTION:
                found = self._call.services.connections.get(name)
                return describe_connection(self._workspace, name, found.connector if found else name)
            case Kind.CREDENTIAL:
                return self.name_credential(name)
            case Kind.SOURCE:
                return self.name_source(name)
            case Kind.LIST:
                return self.name_list(name)
            case Kind.MESSAGE:
                return self.name_channel(name)
            case _:
                assert_never(kind)

    def find_run(self, run_id: str) -> Thing:
        """Return the run with this id.

        Raises:
            NotFoundError: there is none.
        """
        return self.of_run(_need(self._unit.runs.get(run_id), f"no run {run_id}", "`soar run list` shows them"))

    def find_alert(self, alert_id: str) -> Thing:
        """Return the alert with this id.

        Raises:
            NotFoundError: there is none.
        """
        found = self._unit.alerts.get(alert_id)
        return self.of_alert(_need(found, f"no alert {alert_id}", "`soar alert list` shows them"))

    def find_approval(self, reference: str) -> Thing:
        """Return the question with this id or code.

        Raises:
            NotFoundError: there is none.
        """
        return self.of_approval(find_approval(self._unit, reference))

    def find_response(self, response_id: str) -> Thing:
        """Return the active response with this id.

        Raises:
            NotFoundError: there is none.
        """
        found = self._unit.responses.get(response_id)
        return self.of_response(_need(found, f"no active response {response_id}", "`soar response list` shows them"))

    def find_letter(self, letter_id: str) -> Thing:
        """Return the dead letter with this id.

        Raises:
            NotFoundError: there is none.
        """
        found = self._unit.dead_letters.get(letter_id)
        return self.of_letter(_need(found, f"no dead letter {letter_id}", "`soar dead-letter list` shows them"))

    def of_run(self, run: Run) -> Thing:
        """Return a run."""
        return describe_run(self._workspace, run, self._find_team(run))

    def of_alert(self, alert: Alert) -> Thing:
        """Return an alert."""
        return describe_alert(self._workspace, alert, self._find_source_team(alert.source))

    def of_approval(self, approval: Approval) -> Thing:
        """Return a question."""
        run = self._unit.runs.get(approval.run)
        return describe_approval(self._workspace, approval, run, self._find_team(run) if run else None)

    def of_response(self, response: Response) -> Thing:
        """Return an active response."""
        run = self._unit.runs.get(response.run)
        return describe_response(self._workspace, response, run, self._find_team(run) if run else None)

    def of_letter(self, letter: DeadLetter) -> Thing:
        """Return a dead letter: one about a run has what the run has."""
        run = self._unit.runs.get(letter.subject) if letter.kind in _ABOUT_RUNS else None
        if run is None:
            return Thing(kind=Kind.LETTER, id=letter.id, workspace=self._workspace)
        return describe_run(self._workspace, run, self._find_team(run), kind=Kind.LETTER, id_=letter.id)

    def of_case(self, case: Case) -> Thing:
        """Return a case."""
        return describe_case(self._workspace, case)

    def of_playbook(self, playbook: Playbook) -> Thing:
        """Return a playbook."""
        return describe_playbook(self._workspace, playbook.id, playbook.team)

    def name_playbook(self, playbook_id: str) -> Thing:
        """Return what has the name of a playbook, whether one of this name serves or not."""
        found = self._call.services.library.current().get(playbook_id)
        return describe_playbook(self._workspace, playbook_id, found.team if found else None)

    def find_draft(self, playbook_id: str, digest: str) -> str:
        """Return the text of a playbook's draft; empty if there is none with this digest."""
        return next((draft.text for draft in self._unit.drafts.find(playbook_id, digest)), "")

    def name_source(self, source_id: str) -> Thing:
        """Return what has the name of a source."""
        return describe_source(self._workspace, source_id, self._find_source_team(source_id))

    def name_credential(self, name: str) -> Thing:
        """Return what has the name of a credential."""
        return describe_credential(self._workspace, name)

    def name_list(self, name: str) -> Thing:
        """Return what has the name of a list."""
        return describe_list(self._workspace, name)

    def name_channel(self, name: str) -> Thing:
        """Return what has the name of a channel."""
        return describe_channel(self._workspace, name)

    def list_named(self, playbook: Playbook) -> Iterable[tuple[Permission, Thing]]:
        """Yield everything that a playbook names at any depth, each with the permission that naming it takes.

        A credential takes none: nobody reads one back, and which playbook may use it is its own to say.
        """
        for reference in find_references(playbook, self._call.services.catalog.find_action):
            asked = self._ask_for(playbook, reference)
            if asked is not None:
                yield asked

    def _ask_for(self, playbook: Playbook, reference: Reference) -> tuple[Permission, Thing] | None:
        match reference.kind:
            case ReferenceKind.ACTION:
                use = describe_use(self._workspace, playbook.id, playbook.team, reference.name, reference.connection)
                return Permission.CONNECTOR_READ, use
            case ReferenceKind.PLAYBOOK:
                return Permission.PLAYBOOK_READ, self.name_playbook(reference.name)
            case ReferenceKind.LIST:
                return Permission.LIST_READ, self.name_list(reference.name)
            case ReferenceKind.SOURCE:
                return Permission.SOURCE_READ, self.name_source(reference.name)
            case ReferenceKind.CHANNEL:
                return Permission.MESSAGE_READ, self.name_channel(reference.name)
            case ReferenceKind.CREDENTIAL:
                return None

    def _find_team(self, run: Run) -> str | None:
        """Return the team that a run's playbook has now, or that it had when the run began if it serves no more."""
        playbook = self._call.services.library.current().get(run.playbook)
        playbook = playbook or self._call.desk.revisions.find(self._unit, run)
        return playbook.team if playbook else None

    def _find_source_team(self, source_id: str) -> str | None:
        source = self._call.services.receiver.sources.get(source_id)
        return source.team if source else None


class Shown(Generic[M]):
    """Leaves out of lists what their reader may not see.

    Args:
        call: who reads.
        permission: what seeing takes.
        describe: how scopes see an element.
    """

    def __init__(self, call: Call, permission: Permission, describe: Callable[[M], Thing]) -> None:
        self._call = call
        self._permission = permission
        self._describe = describe
        self._is_everything = call.is_unlimited(permission)

    def has(self, item: M) -> bool:
        """Whether the reader may see this."""
        return self._is_everything or self._call.may(self._permission, self._describe(item))

    def keep(self, items: Iterable[M]) -> tuple[M, ...]:
        """Return what the reader may see."""
        return tuple(filter(self.has, items))

    def page(self, read: Callable[[str | None], Page[M]], cursor: str | None) -> Page[M]:
        """Return the next page on which there is something to see.

        It may be shorter than asked for. After ten pages with nothing it is empty, and its cursor goes on from there.

        Args:
            read: gives the page after a cursor.
            cursor: where to begin.
        """
        page = read(cursor)
        for _ in range(_MOST_PAGES):
            kept = self.keep(page.items)
            if kept or page.next is None:
                return Page(kept, page.next)
            page = read(page.next)
        return Page(self.keep(page.items), page.next)


_ABOUT_RUNS = frozenset({LetterKind.RUN, LetterKind.STUCK})


def _need(found: M | None, message: str, hint: str) -> M:
    if found is None:
        raise NotFoundError(message, hint=hint)
    return found
