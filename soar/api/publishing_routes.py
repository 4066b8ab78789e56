"""The part of the route table by which playbooks are proposed and published."""

from soar.access.permissions import Permission
from soar.api.handlers import revisions
from soar.api.naming import name_draft, name_playbook
from soar.api.route import V1, Route, private
from soar.api.schemas.base import PageQuery
from soar.api.schemas.revisions import DraftView, PublicationView, PublicationWanted, RevisionPage, RevisionSent

P = Permission


def list_publishing_routes() -> tuple[Route, ...]:
    """Return the routes of drafts and of what is published."""
    return (
        private(
            "GET",
            f"{V1}/playbooks/{{id}}/revisions",
            P.PLAYBOOK_READ,
            revisions.list_revisions,
            takes=PageQuery,
            answers=RevisionPage,
            names=name_playbook,
        ),
        private(
            "POST",
            f"{V1}/playbooks/{{id}}/revisions",
            P.PLAYBOOK_WRITE,
            revisions.push_revision,
            takes=RevisionSent,
            answers=DraftView,
            status=201,
            names=name_draft,
        ),
        private(
            "POST",
            f"{V1}/playbooks/{{id}}/publish",
            P.PLAYBOOK_PUBLISH,
            revisions.publish_revision,
            takes=PublicationWanted,
            answers=PublicationView,
            needs_proof=True,
            names=name_draft,
        ),
    )
