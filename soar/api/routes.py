"""The one table of everything that can be asked for, and who may ask."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from aiohttp import web

from soar.access.permissions import Permission
from soar.access.things import find_kind
from soar.api.account_routes import list_account_routes
from soar.api.alert_routes import list_alert_routes
from soar.api.authentication import Authenticator
from soar.api.call import Call, write_json
from soar.api.chat_routes import list_chat_routes
from soar.api.decision_routes import list_decision_routes
from soar.api.handlers import (
    alerts,
    approvals,
    cases,
    connections,
    connectors,
    credentials,
    dead_letters,
    health,
    lists,
    messages,
    playbooks,
    runs,
    scim,
    sign_on,
    vault,
)
from soar.api.intake_routes import list_intake_routes
from soar.api.naming import (
    LISTED,
    name_alert,
    name_approval,
    name_channel,
    name_credential,
    name_document,
    name_letter,
    name_list,
    name_playbook,
    name_run,
    name_sent_source,
)
from soar.api.openapi import Document, describe_api
from soar.api.pages import Pages
from soar.api.policy_routes import list_policy_routes
from soar.api.publishing_routes import list_publishing_routes
from soar.api.record_routes import list_record_routes
from soar.api.response_routes import list_response_routes
from soar.api.route import V1, Public, Route, Self, SourceOr, find_permission, foreign, private, public, raw
from soar.api.schemas.alerts import AlertDetail, AlertPage, AlertQuery, AlertSent, Received
from soar.api.schemas.approvals import AnswersSent, ApprovalPage, ApprovalQuery, ApprovalView, VoteSent
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.cases import CasePage
from soar.api.schemas.connections import ConnectionPage
from soar.api.schemas.connectors import ConnectorPage
from soar.api.schemas.credentials import CredentialPage, CredentialSent, CredentialView
from soar.api.schemas.dead_letters import DeadLetterPage, DeadLetterReplayed
from soar.api.schemas.health import Health, Readiness, Version
from soar.api.schemas.lists import EntryAdded, EntrySent, ListDetail, ListPage
from soar.api.schemas.messages import Channels, MessagePage, MessageQuery
from soar.api.schemas.playbooks import DocumentSent, PlaybookDetail, PlaybookPage, Validation
from soar.api.schemas.responses import ResponsesLifting
from soar.api.schemas.runs import CancelWanted, RetryWanted, RunDetail, RunPage, RunQuery, RunView, RunWanted, Settling
from soar.api.schemas.scim import PATH as SCIM
from soar.api.schemas.sign_on import SignOnWanted
from soar.api.schemas.vault import RewrapView, RotationWanted, VaultKeyView, VaultView
from soar.api.services import Services
from soar.api.source_routes import list_source_routes
from soar.api.stream import Stream
from soar.model.errors import BugError

HOOK = "/hooks/{source}"
"""Where sources send alerts."""

P = Permission
_PROBE = "load balancers and supervisors ask before anybody logs in"
_PAGE = "the pages hold no data; what they show they ask the API for"


def build_routes(services: Services, authenticator: Authenticator) -> tuple[Route, ...]:
    """Return every route.

    Raises:
        BugError: a route does not say who may or on which things, or two are the same.
    """
    table = (
        *list_account_routes(),
        *list_publishing_routes(),
        *list_intake_routes(),
        *list_alert_routes(),
        *list_decision_routes(),
        *_seen(),
        *_readable(),
        *_done(),
        *list_response_routes(),
        *_decided(),
        *_given_up(),
        *_managed(authenticator),
        *list_source_routes(),
        *_kept(),
        *list_record_routes(),
        *list_policy_routes(),
        *list_chat_routes(),
        *_keys(),
        *_open(),
        *_through_provider(),
        *_provisioned(),
    )
    routes = (*table, _describe_itself(table))
    routes = (*routes, *_shown(services, routes))
    check_routes(routes)
    return routes


def check_routes(routes: Sequence[Route]) -> None:
    """Refuse a table in which a route does not say who may, or on which things, or stands twice.

    Raises:
        BugError: it does.
    """
    for route in routes:
        if not isinstance(route.access, P | Public | Self | SourceOr):
            raise BugError(f"{route.method} {route.path} does not say who may")
        permission = find_permission(route.access)
        if permission is not None and find_kind(permission) is not None and route.names is None:
            raise BugError(f"{route.method} {route.path} does not say which things it names")
    names = [(route.method, route.path) for route in routes]
    if len(set(names)) != len(names):
        raise BugError("a route stands twice in the table")


def _seen() -> tuple[Route, ...]:
    return (
        private(
            "GET", f"{V1}/alerts", P.ALERT_READ, alerts.list_alerts, takes=AlertQuery, answers=AlertPage, names=LISTED
        ),
        private(
            "GET",
            f"{V1}/alerts/{{id}}",
            P.ALERT_READ,
            alerts.show_alert,
            takes=Nothing,
            answers=AlertDetail,
            names=name_alert,
        ),
        private("GET", f"{V1}/runs", P.RUN_READ, runs.list_runs, takes=RunQuery, answers=RunPage, names=LISTED),
        private(
            "GET", f"{V1}/runs/{{id}}", P.RUN_READ, runs.show_run, takes=Nothing, answers=RunDetail, names=name_run
        ),
        private(
            "GET",
            f"{V1}/approvals",
            P.APPROVAL_READ,
            approvals.list_approvals,
            takes=ApprovalQuery,
            answers=ApprovalPage,
            names=LISTED,
        ),
        private(
            "GET",
            f"{V1}/approvals/{{id}}",
            P.APPROVAL_READ,
            approvals.show_approval,
            takes=Nothing,
            answers=ApprovalView,
            names=name_approval,
        ),
        private("GET", f"{V1}/cases", P.CASE_READ, cases.list_cases, takes=PageQuery, answers=CasePage, names=LISTED),
    )


def _readable() -> tuple[Route, ...]:
    return (
        private(
            "GET",
            f"{V1}/playbooks",
            P.PLAYBOOK_READ,
            playbooks.list_playbooks,
            takes=Nothing,
            answers=PlaybookPage,
            names=LISTED,
        ),
        private(
            "GET",
            f"{V1}/playbooks/{{id}}",
            P.PLAYBOOK_READ,
            playbooks.show_playbook,
            takes=Nothing,
            answers=PlaybookDetail,
            names=name_playbook,
        ),
        private(
            "GET",
            f"{V1}/messages",
            P.MESSAGE_READ,
            messages.list_messages,
            takes=MessageQuery,
            answers=MessagePage,
            names=name_channel,
        ),
        private(
            "GET",
            f"{V1}/messages/channels",
            P.MESSAGE_READ,
            messages.list_channels,
            takes=Nothing,
            answers=Channels,
            names=LISTED,
        ),
    )


def _done() -> tuple[Route, ...]:
    return (
        private(
            "POST",
            f"{V1}/alerts",
            P.ALERT_SEND,
            alerts.send_alert,
            takes=AlertSent,
            answers=Received,
            status=202,
            names=name_sent_source,
        ),
        private(
            "POST",
            f"{V1}/runs/{{id}}/cancel",
            P.RUN_CANCEL,
            runs.cancel_run,
            takes=CancelWanted,
            answers=RunView,
            status=202,
            names=name_run,
        ),
        private(
            "POST",
            f"{V1}/runs/{{id}}/retry",
            P.RUN_RETRY,
            runs.retry_run,
            takes=RetryWanted,
            answers=RunView,
            status=202,
            names=name_run,
        ),
        private(
            "POST",
            f"{V1}/runs/{{id}}/settle",
            P.RUN_SETTLE,
            runs.settle_outcome,
            takes=Settling,
            answers=RunView,
            status=202,
            needs_proof=True,
            names=name_run,
        ),
        private(
            "POST",
            f"{V1}/runs/{{id}}/undo",
            P.RUN_UNDO,
            runs.undo_run,
            takes=Nothing,
            answers=ResponsesLifting,
            status=202,
            names=name_run,
        ),
    )


def _decided() -> tuple[Route, ...]:
    return (
        private(
            "POST",
            f"{V1}/approvals/{{id}}/votes",
            P.APPROVAL_VOTE,
            approvals.cast_vote,
            takes=VoteSent,
            answers=ApprovalView,
            names=name_approval,
        ),
        private(
            "POST",
            f"{V1}/approvals/{{id}}/answers",
            P.APPROVAL_VOTE,
            approvals.answer_question,
            takes=AnswersSent,
            answers=ApprovalView,
            names=name_approval,
        ),
        private(
            "POST",
            f"{V1}/playbooks/{{id}}/runs",
            P.PLAYBOOK_RUN,
            playbooks.start_run,
            takes=RunWanted,
            answers=RunView,
            status=202,
            names=name_playbook,
        ),
        private(
            "POST",
            f"{V1}/playbooks/validate",
            P.PLAYBOOK_VALIDATE,
            playbooks.validate_playbook,
            takes=DocumentSent,
            answers=Validation,
            names=name_document,
        ),
    )


def _given_up() -> tuple[Route, ...]:
    return (
        private(
            "GET",
            f"{V1}/dead-letters",
            P.LETTER_READ,
            dead_letters.list_letters,
            takes=PageQuery,
            answers=DeadLetterPage,
            names=LISTED,
        ),
        private(
            "POST",
            f"{V1}/dead-letters/{{id}}/replay",
            P.LETTER_WRITE,
            dead_letters.replay_letter,
            takes=Nothing,
            answers=DeadLetterReplayed,
            names=name_letter,
        ),
        private(
            "DELETE",
            f"{V1}/dead-letters/{{id}}",
            P.LETTER_WRITE,
            dead_letters.discard_letter,
            takes=Nothing,
            answers=None,
            status=204,
            names=name_letter,
        ),
    )


def _managed(authenticator: Authenticator) -> tuple[Route, ...]:
    stream = Stream(authenticator)
    return (
        private("GET", f"{V1}/stream", P.STREAM_READ, stream.open_stream, takes=Nothing, answers=None),
        private(
            "GET",
            f"{V1}/connectors",
            P.CONNECTOR_READ,
            connectors.list_connectors,
            takes=Nothing,
            answers=ConnectorPage,
            names=LISTED,
        ),
        private(
            "GET",
            f"{V1}/connections",
            P.CONNECTOR_READ,
            connections.list_connections,
            takes=Nothing,
            answers=ConnectionPage,
            names=LISTED,
        ),
        private("GET", f"{V1}/lists", P.LIST_READ, lists.list_lists, takes=Nothing, answers=ListPage, names=LISTED),
        private(
            "GET",
            f"{V1}/lists/{{name}}",
            P.LIST_READ,
            lists.show_list,
            takes=PageQuery,
            answers=ListDetail,
            names=name_list,
        ),
        private(
            "POST",
            f"{V1}/lists/{{name}}/entries",
            P.LIST_WRITE,
            lists.add_entry,
            takes=EntrySent,
            answers=EntryAdded,
            status=201,
            names=name_list,
        ),
        private(
            "DELETE",
            f"{V1}/lists/{{name}}/entries/{{value}}",
            P.LIST_WRITE,
            lists.remove_entry,
            takes=Nothing,
            answers=None,
            status=204,
            names=name_list,
        ),
    )


def _kept() -> tuple[Route, ...]:
    return (
        private(
            "GET",
            f"{V1}/credentials",
            P.CREDENTIAL_READ,
            credentials.list_credentials,
            takes=Nothing,
            answers=CredentialPage,
            names=LISTED,
        ),
        private(
            "PUT",
            f"{V1}/credentials/{{name}}",
            P.CREDENTIAL_WRITE,
            credentials.set_credential,
            takes=CredentialSent,
            answers=CredentialView,
            needs_proof=True,
            names=name_credential,
        ),
    )


def _keys() -> tuple[Route, ...]:
    key = f"{V1}/vault/keys/{{id}}"
    return (
        private("GET", f"{V1}/vault", P.VAULT_READ, vault.show_vault, takes=Nothing, answers=VaultView),
        private(
            "POST",
            f"{V1}/vault/keys",
            P.VAULT_WRITE,
            vault.rotate_key,
            takes=RotationWanted,
            answers=VaultKeyView,
            needs_proof=True,
        ),
        private(
            "POST",
            f"{key}/retire",
            P.VAULT_WRITE,
            vault.retire_key,
            takes=Nothing,
            answers=VaultKeyView,
            needs_proof=True,
        ),
        private(
            "POST",
            f"{key}/destroy",
            P.VAULT_WRITE,
            vault.destroy_key,
            takes=Nothing,
            answers=VaultKeyView,
            needs_proof=True,
        ),
        private(
            "POST", f"{V1}/vault/rewrap", P.VAULT_WRITE, vault.rewrap_credentials, takes=Nothing, answers=RewrapView
        ),
    )


def _open() -> tuple[Route, ...]:
    return (
        raw("GET", "/healthz", Public(_PROBE), health.show_health, answers=Health),
        raw("GET", "/readyz", Public(_PROBE), health.show_readiness, answers=Readiness),
        raw("GET", "/version", Public(_PROBE), health.show_version, answers=Version),
    )


def _through_provider() -> tuple[Route, ...]:
    return (
        public(
            "GET",
            f"{sign_on.PATH}/start",
            "nobody is logged in before they log in; it begins one, and their number is bounded",
            sign_on.begin_sign_on,
            takes=SignOnWanted,
            answers=None,
            refuse=sign_on.answer_page,
        ),
        raw(
            "GET",
            f"{sign_on.PATH}/callback",
            Public("a person comes back from the identity provider with what proves them, bound to their browser"),
            sign_on.finish_sign_on,
            answers=None,
            refuse=sign_on.answer_page,
        ),
        raw(
            "POST",
            f"{sign_on.PATH}/back-channel",
            Public("the identity provider proves itself by a token that it has signed"),
            sign_on.hear_logout,
            answers=None,
            refuse=sign_on.answer_logout,
        ),
    )


def _provisioned() -> tuple[Route, ...]:
    about = (
        ("GET", "ServiceProviderConfig", scim.show_configuration),
        ("GET", "ResourceTypes", scim.list_types),
        ("GET", "Schemas", scim.list_schemas),
    )
    table = (*about, *_list_resources("Users", scim.PEOPLE), *_list_resources("Groups", scim.GROUPS))
    return tuple(
        foreign(method, f"{SCIM}/{path}", P.SCIM_WRITE, handler, refuse=scim.answer_scim)
        for method, path, handler in table
    )


def _list_resources(name: str, resources: scim.Resources[Any, Any]) -> tuple[tuple[str, str, scim.Handler], ...]:
    return (
        ("GET", name, resources.list_all),
        ("POST", name, resources.add_one),
        ("GET", f"{name}/{{id}}", resources.show_one),
        ("PUT", f"{name}/{{id}}", resources.replace_one),
        ("PATCH", f"{name}/{{id}}", resources.patch_one),
        ("DELETE", f"{name}/{{id}}", resources.remove_one),
    )


def _describe_itself(table: Sequence[Route]) -> Route:
    """Return the route that describes the others, and itself, once somebody asks: a start need not wait for it."""

    @cache
    def describe() -> Document:
        return describe_api((*table, route))

    async def show_openapi(_call: Call, _: Nothing) -> web.Response:
        """Describe this API as OpenAPI 3.1."""
        return write_json(describe())

    route = private("GET", "/api/openapi.json", Self(), show_openapi, takes=Nothing, answers=None)
    return route


def _shown(services: Services, table: Sequence[Route]) -> tuple[Route, ...]:
    """Return the routes of the web pages: everything that begins like nothing else in the table."""
    pages = Pages(services.pages)
    taken = sorted({re.escape(route.path.split("/")[1]) for route in table} | {"assets"})
    return (
        raw("GET", "/", Public(_PAGE), pages.show_page, answers=None),
        raw("GET", "/assets/{file:.+}", Public(_PAGE), pages.show_asset, answers=None),
        raw("GET", f"/{{page:(?!(?:{'|'.join(taken)})(?:/|$)).+}}", Public(_PAGE), pages.show_page, answers=None),
    )
