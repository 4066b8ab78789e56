"""Questions that auditors ask again and again, ready-made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from soar.audit.document import part_of, text_of
from soar.audit.query import parse_query
from soar.model.audit import AuditRecord
from soar.model.audit_query import Field, Pattern, Query, Term
from soar.model.errors import NotFoundError
from soar.model.page import Page
from soar.store import Unit

_MOST_RELATIVES = 50  # runs that a vote's run goes back to; calls nest less deeply
_MOST_REQUESTS = 10  # events that say who asked for one run


@dataclass(frozen=True, slots=True)
class View:
    """A named question.

    Attributes:
        name: as commands take it.
        title: for people.
        query: in the language of `soar.audit.query`.
        keeps: which of the events that the query finds are meant; None where it says all.
    """

    name: str
    title: str
    query: str
    keeps: Callable[[Unit, AuditRecord], bool] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the audit.

    Attributes:
        query: what has to hold.
        keeps: which of the events that it finds are meant; None for all.
    """

    query: Query
    keeps: Callable[[Unit, AuditRecord], bool] | None = None


def read_question(text: str, view: str | None = None) -> Question:
    """Return what a query asks for, within a view if one is named.

    Raises:
        InputError: the query is none.
        NotFoundError: there is no such view.
    """
    asked = parse_query(text)
    if view is None:
        return Question(asked)
    found = VIEWS.get(view)
    if found is None:
        raise NotFoundError(f"there is no view {view}", hint="`soar audit views` shows them")
    return Question(replace(asked, terms=(*parse_query(found.query).terms, *asked.terms)), found.keeps)


def find_page(
    unit: Unit,
    question: Question,
    limit: int,
    cursor: str | None = None,
    *,
    type_prefix: str | None = None,
    actor: str | None = None,
    target: str | None = None,
) -> Page[AuditRecord]:
    """Return the newest events that are meant; a page may be shorter than its limit, and more follow it.

    Args:
        unit: of the workspace.
        question: what is asked.
        limit: how many at most.
        cursor: from the page before.
        type_prefix: how the type begins.
        actor: id or name of the actor.
        target: id of the target.
    """
    while True:
        page = unit.audit.list(limit, cursor, type_prefix, actor, target, question.query)
        if question.keeps is None:
            return page
        kept = tuple(record for record in page.items if question.keeps(unit, record))
        cursor = page.next
        if kept or cursor is None:
            return Page(kept, cursor)


def is_own_request(unit: Unit, vote: AuditRecord) -> bool:
    """Whether a vote is by whoever asked for the run, for the one that called it, or for the one it tries again."""
    voter = text_of(part_of(vote.document, "actor"), "id")
    left, seen = [text_of(part_of(vote.document, "context"), "run")], set[str]()
    while left and len(seen) < _MOST_RELATIVES:
        run = left.pop()
        if not run or run in seen:
            continue
        seen.add(run)
        for asked in _find_requests(unit, run):
            if voter and text_of(part_of(asked.document, "actor"), "id") == voter:
                return True
            context = part_of(asked.document, "context")
            left += [text_of(context, "parent"), text_of(context, "retry_of")]
    return False


def _find_requests(unit: Unit, run: str) -> tuple[AuditRecord, ...]:
    types = (Pattern("run.requested"), Pattern("run.retried"))
    query = Query((Term(Field.TYPE, types), Term(Field.TARGET, (Pattern(run),))))
    return unit.audit.list(_MOST_REQUESTS, query=query).items


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        view.name: view
        for view in (
            View(
                "who-approved-what",
                "Who approved what",
                "type:approval.voted,approval.answered outcome:success",
            ),
            View(
                "actions-without-a-human",
                "Actions that change something, and that nobody approved",
                "type:action.started outcome:success -effect:read -approval:*",
            ),
            View(
                "own-requests-approved",
                "Votes by whoever asked for the run (must be empty)",
                "type:approval.voted outcome:success",
                is_own_request,
            ),
            View(
                "overdue-responses",
                "Active responses whose lift failed",
                "type:response.lifted outcome:failure",
            ),
            View(
                "break-glass-and-policy",
                "Break-glass, freezes and policy changes",
                "type:access.break_glass*,break_glass.*,freeze.*,policy.*",
            ),
            View(
                "playbook-changes",
                "Playbook changes and their reviewers",
                "type:playbook.* -type:playbook.called",
            ),
            View(
                "role-and-link-changes",
                "Changes of people, their roles, groups and tokens",
                "type:user.*,group.*,token.*,link.*",
            ),
            View(
                "failed-logins-and-refused-votes",
                "Failed logins, refused votes, and whatever else was denied to somebody",
                "type:session.*,approval.voted,approval.answered,access.denied -outcome:success",
            ),
            View(
                "audit-access",
                "Who searched, exported and checked the audit",
                "type:audit.*",
            ),
            View(
                "secrets-rotated",
                "Credentials and keys that were set, rotated or removed",
                "type:credential.*,vault.*,vault_key.*",
            ),
        )
    }
)
"""Every view by its name."""
