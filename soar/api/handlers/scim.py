"""SCIM 2.0 (RFC 7644): the identity provider keeps people and groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import orjson
from aiohttp import web

from soar.api.call import Call
from soar.api.errors import status_of
from soar.api.reading import check_type, read_bytes
from soar.api.schemas.scim import (
    LONGEST_LIST,
    Resource,
    write_configuration,
    write_error,
    write_group,
    write_list,
    write_person,
    write_schemas,
    write_types,
)
from soar.audit.actor import describe_principal
from soar.federation.directory import Directory
from soar.federation.people import Registrar
from soar.federation.provider import Provider
from soar.federation.scim import Equality, parse_filter, patch_group, patch_user, read_group, read_user
from soar.ingest.strict_json import parse_json
from soar.model.errors import InputError, NotFoundError, SoarError
from soar.model.values import JsonValue
from soar.store import Unit

T = TypeVar("T")

_TYPES = frozenset({"application/scim+json", "application/json"})
_PEOPLE_BY = frozenset({"username", "externalid", "id"})
_GROUPS_BY = frozenset({"displayname", "externalid", "id"})
_ALWAYS = frozenset({"schemas", "id"})  # RFC 7643, section 7: returned always
_MOST_DIGITS = 9
_KINDS = {
    "scim.filter": "invalidFilter",
    "scim.path": "invalidPath",
    "scim.syntax": "invalidSyntax",
    "scim.target": "noTarget",
    "scim.uniqueness": "uniqueness",
    "scim.value": "invalidValue",
    "conflict": "uniqueness",
    "invalid_json": "invalidSyntax",
}
"""`scimType` of our codes (RFC 7644, section 3.12)."""


@dataclass(frozen=True, slots=True)
class _Page:
    """Which of a list are wanted: from `start`, counted from 1, at most `count`."""

    only: Equality | None
    start: int
    count: int


def answer_scim(error: SoarError) -> web.Response:
    """Return an error as SCIM has it."""
    is_bad = isinstance(error, InputError) and error.code not in {"too_large", "unsupported_media_type", "too_slow"}
    status = HTTPStatus.BAD_REQUEST.value if is_bad else status_of(error)
    answer = _answer(write_error(status, error.message, _KINDS.get(error.code)), status)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="soar"'
    return answer


async def show_configuration(call: Call) -> web.Response:
    """Say what is spoken of SCIM."""
    return _answer(write_configuration(call.services.url))


async def list_types(call: Call) -> web.Response:
    """List the kinds of resources."""
    return _answer_all(write_types(call.services.url))


async def list_schemas(call: Call) -> web.Response:
    """List the attributes that are kept."""
    return _answer_all(write_schemas(call.services.url))


async def list_people(call: Call) -> web.Response:
    """List the people of the identity provider."""
    page = _read_page(call, _PEOPLE_BY)
    total, found = await _look(call, lambda directory: directory.list_people(page.only, page.start, page.count))
    return _answer_page(call, [write_person(person, call.services.url) for person in found], total, page.start)


async def add_person(call: Call) -> web.Response:
    """Make a person."""
    said = read_user(await _read(call))
    person = await _change(call, lambda directory: directory.add_person(said))
    return _answer_made(call, write_person(person, call.services.url))


async def show_person(call: Call) -> web.Response:
    """Show a person."""
    person = await _look(call, lambda directory: directory.get_person(call.part("id")))
    return _answer(_select(call, write_person(person, call.services.url)))


async def replace_person(call: Call) -> web.Response:
    """Make a person what is sent."""
    said = read_user(await _read(call))
    person = await _change(call, lambda directory: directory.change_person(call.part("id"), said))
    return _answer(write_person(person, call.services.url))


async def patch_person(call: Call) -> web.Response:
    """Change a person."""
    document = await _read(call)

    def patch(directory: Directory) -> Resource:
        known = directory.get_person(call.part("id")).described
        person = directory.change_person(call.part("id"), patch_user(known, document))
        return write_person(person, call.services.url)

    return _answer(_select(call, await _change(call, patch)))


async def remove_person(call: Call) -> web.Response:
    """Switch a person off, and forget that the identity provider knows them."""
    await _change(call, lambda directory: directory.remove_person(call.part("id")))
    return web.Response(status=204)


async def list_groups(call: Call) -> web.Response:
    """List the groups of the identity provider."""
    page = _read_page(call, _GROUPS_BY)
    total, found = await _look(call, lambda directory: directory.list_groups(page.only, page.start, page.count))
    return _answer_page(call, [write_group(group, call.services.url) for group in found], total, page.start)


async def add_group(call: Call) -> web.Response:
    """Make a group; its members get the role that it stands for."""
    said = read_group(await _read(call))
    group = await _change(call, lambda directory: directory.add_group(said))
    return _answer_made(call, write_group(group, call.services.url))


async def show_group(call: Call) -> web.Response:
    """Show a group."""
    group = await _look(call, lambda directory: directory.get_group(call.part("id")))
    return _answer(_select(call, write_group(group, call.services.url)))


async def replace_group(call: Call) -> web.Response:
    """Make a group what is sent."""
    said = read_group(await _read(call))
    group = await _change(call, lambda directory: directory.change_group(call.part("id"), said))
    return _answer(write_group(group, call.services.url))


async def patch_a_group(call: Call) -> web.Response:
    """Change a group."""
    document = await _read(call)

    def patch(directory: Directory) -> Resource:
        known = directory.describe_group(call.part("id"))
        group = directory.change_group(call.part("id"), patch_group(known, document))
        return write_group(group, call.services.url)

    return _answer(_select(call, await _change(call, patch)))


async def remove_group(call: Call) -> web.Response:
    """Remove a group; its members lose the role that it stands for."""
    await _change(call, lambda directory: directory.remove_group(call.part("id")))
    return web.Response(status=204)


async def _look(call: Call, work: Callable[[Directory], T]) -> T:
    provider = _find_provider(call)
    return await call.read(lambda unit: work(_open(call, unit, provider)))


async def _change(call: Call, work: Callable[[Directory], T]) -> T:
    provider = _find_provider(call)
    return await call.write(lambda unit: work(_open(call, unit, provider)))


def _open(call: Call, unit: Unit, provider: Provider) -> Directory:
    return Directory(
        Registrar(
            unit=unit,
            provider=provider,
            roles=call.services.roles,
            ids=call.services.ids,
            actor=describe_principal(call.principal),
            at=call.at,
        )
    )


def _find_provider(call: Call) -> Provider:
    if call.services.sign_on is None:
        raise NotFoundError("there is no identity provider here", hint="set sign_on in the settings before")
    return call.services.sign_on.provider


async def _read(call: Call) -> JsonValue:
    raw = await read_bytes(call.request)
    check_type(call.request, _TYPES)
    return parse_json(raw)


def _read_page(call: Call, attributes: frozenset[str]) -> _Page:
    """Read which part of a list is wanted; a number that is too small counts as the smallest (section 3.4.2.4)."""
    query = call.request.query
    only = parse_filter(query["filter"], attributes) if "filter" in query else None
    start, count = _read_number(query.get("startIndex", "1")), _read_number(query.get("count", str(LONGEST_LIST)))
    return _Page(only, max(1, start), min(max(0, count), LONGEST_LIST))


def _read_number(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        raise InputError("startIndex and count are whole numbers", code="scim.value", hint="count from 1")
    return int(text)


def _select(call: Call, resource: Resource) -> Resource:
    """Return the attributes that are wanted (RFC 7644, section 3.9)."""
    query = call.request.query
    if "attributes" in query:
        wanted = _read_names(query["attributes"])
        return {name: value for name, value in resource.items() if name in _ALWAYS or name.lower() in wanted}
    unwanted = _read_names(query.get("excludedAttributes", ""))
    return {name: value for name, value in resource.items() if name in _ALWAYS or name.lower() not in unwanted}


def _read_names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(","))


def _answer_page(call: Call, resources: Sequence[Resource], total: int, start: int) -> web.Response:
    return _answer(write_list([_select(call, resource) for resource in resources], total=total, start=start))


def _answer_all(resources: Sequence[Resource]) -> web.Response:
    return _answer(write_list(resources, total=len(resources), start=1))


def _answer_made(call: Call, resource: Resource) -> web.Response:
    answer = _answer(_select(call, resource), HTTPStatus.CREATED.value)
    answer.headers["Location"] = f"{call.services.url}{call.request.path}/{resource['id']}"
    return answer


def _answer(resource: Resource, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=orjson.dumps(resource), content_type="application/scim+json", charset="utf-8"
    )
