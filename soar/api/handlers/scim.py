"""SCIM 2.0 (RFC 7644): the identity provider keeps people and groups."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeAlias, TypeVar

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

Handler: TypeAlias = Callable[[Call], Awaitable[web.StreamResponse]]

T = TypeVar("T")
Said = TypeVar("Said")
Held = TypeVar("Held")

_TYPES = frozenset({"application/scim+json", "application/json"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources(Generic[Said, Held]):
    """What is asked for of one kind of resource.

    Attributes:
        by: what a list of them can be filtered by.
        read: what the provider says of one.
        patch: what it says after a change of what it said before.
        write: one as the provider reads it, with the URL that people reach us by.
        page: how many there are, and those from a start, counted from 1, at most so many.
    """

    by: frozenset[str]
    read: Callable[[JsonValue], Said]
    patch: Callable[[Said, JsonValue], Said]
    write: Callable[[Held, str], Resource]
    page: Callable[[Directory, Equality | None, int, int], tuple[int, Sequence[Held]]]
    get: Callable[[Directory, str], Held]
    describe: Callable[[Directory, str], Said]
    add: Callable[[Directory, Said], Held]
    change: Callable[[Directory, str, Said], Held]
    remove: Callable[[Directory, str], None]

    async def list_all(self, call: Call) -> web.Response:
        """List those of the identity provider."""
        page = _read_page(call, self.by)
        total, found = await _look(call, lambda directory: self.page(directory, page.only, page.start, page.count))
        shown = [_select(call, self.write(held, call.services.url)) for held in found]
        return _answer(write_list(shown, total=total, start=page.start))

    async def add_one(self, call: Call) -> web.Response:
        """Make one; the members of a group get the role that it stands for."""
        said = self.read(await _read(call))
        held = await _change(call, lambda directory: self.add(directory, said))
        return _answer_made(call, self.write(held, call.services.url))

    async def show_one(self, call: Call) -> web.Response:
        """Show one."""
        held = await _look(call, lambda directory: self.get(directory, call.part("id")))
        return _answer(_select(call, self.write(held, call.services.url)))

    async def replace_one(self, call: Call) -> web.Response:
        """Make one what is sent."""
        said = self.read(await _read(call))
        held = await _change(call, lambda directory: self.change(directory, call.part("id"), said))
        return _answer(self.write(held, call.services.url))

    async def patch_one(self, call: Call) -> web.Response:
        """Change one."""
        id_, document = call.part("id"), await _read(call)

        def patch(directory: Directory) -> Held:
            return self.change(directory, id_, self.patch(self.describe(directory, id_), document))

        return _answer(_select(call, self.write(await _change(call, patch), call.services.url)))

    async def remove_one(self, call: Call) -> web.Response:
        """Remove one: a person is switched off and forgotten as the provider's, a group's members lose its role."""
        await _change(call, lambda directory: self.remove(directory, call.part("id")))
        return web.Response(status=204)


PEOPLE = Resources(
    by=frozenset({"username", "externalid", "id"}),
    read=read_user,
    patch=patch_user,
    write=write_person,
    page=Directory.list_people,
    get=Directory.get_person,
    describe=Directory.describe_person,
    add=Directory.add_person,
    change=Directory.change_person,
    remove=Directory.remove_person,
)
GROUPS = Resources(
    by=frozenset({"displayname", "externalid", "id"}),
    read=read_group,
    patch=patch_group,
    write=write_group,
    page=Directory.list_groups,
    get=Directory.get_group,
    describe=Directory.describe_group,
    add=Directory.add_group,
    change=Directory.change_group,
    remove=Directory.remove_group,
)


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
