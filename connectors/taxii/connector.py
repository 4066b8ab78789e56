"""Threat intelligence over TAXII 2.1."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC

import httpx
from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from soar.sdk import Arguments, Batch, Connector, Feed, Item, PermanentError, header, read_document, trigger

_MEDIA_TYPE = "application/taxii+json;version=2.1"
_LAST = "X-TAXII-Date-Added-Last"


class Collection(Arguments):
    """Which collection is read."""

    url: str = Field(description="The collection's URL, which ends in its id.")
    types: tuple[str, ...] = Field(default=(), description="Types of objects, such as `indicator`; all unless said.")
    added_after: AwareDatetime | None = Field(
        default=None, description="Where to begin, in RFC 3339; with the first object unless said."
    )
    limit: int = Field(default=100, ge=1, le=1000, description="How many objects are asked for at once.")


class _Envelope(BaseModel):
    """An answer (section 3.7); without `objects` it holds none."""

    more: bool = False
    next: str | None = None
    objects: list[dict[str, JsonValue]] = []


class _Place(BaseModel):
    """How far we have come: `added_after` is where this round began, `next` where its next page does."""

    added_after: str | None = None
    next: str | None = None


class Taxii(Connector):
    """Reads collections."""

    @trigger(title="Read a collection")
    async def collection(self, feed: Feed, arguments: Collection, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what was added since, page by page.

        A page's own address is good for this round only; if the server has forgotten it, the round begins anew.
        """
        place = _begin(arguments) if cursor is None else _Place.model_validate(cursor)
        has_more = True
        while has_more:
            try:
                response = await _ask(feed, arguments, place)
            except PermanentError:
                if place.next is None:
                    raise
                place = place.model_copy(update={"next": None})
                continue
            page = read_document(response, _Envelope, "the server answered something that is no TAXII envelope")
            has_more = page.more and page.next is not None and page.next != place.next
            if has_more:
                place = place.model_copy(update={"next": page.next})
            else:
                place = _Place(added_after=response.headers.get(_LAST) or place.added_after)
                has_more = page.more and bool(page.objects) and _LAST in response.headers
            yield Batch(items=[_build_item(found) for found in page.objects], cursor=place.model_dump())


def _begin(arguments: Collection) -> _Place:
    begin = arguments.added_after
    return _Place(added_after=f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if begin is not None else None)


async def _ask(feed: Feed, arguments: Collection, place: _Place) -> httpx.Response:
    known = {
        "limit": str(arguments.limit),
        "added_after": place.added_after,
        "next": place.next,
        "match[type]": ",".join(arguments.types) or None,
    }
    headers = {"Accept": _MEDIA_TYPE, **_authorise(feed)}
    params = {name: value for name, value in known.items() if value is not None}
    return feed.check(await feed.http.get(f"{arguments.url.rstrip('/')}/objects/", params=params, headers=headers))


def _authorise(feed: Feed) -> dict[str, str]:
    if "token" in feed.credentials:
        return {"Authorization": header("Authorization", f"Bearer {feed.secret('token').reveal()}")}
    if "password" in feed.credentials:
        pair = f"{feed.settings['user']}:{feed.secret('password').reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _build_item(found: dict[str, JsonValue]) -> Item:
    version = found.get("modified") or found.get("created") or ""
    return Item(key=f"{found.get('id')} {version}", document=found)
