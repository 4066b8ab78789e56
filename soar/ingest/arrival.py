"""What has been let in: a request to a hook, an item of a product that was asked, or what a person or a run reports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from soar.ingest.authentication import ClientState, Ed25519, Hmac, Recipe, Sns
from soar.ingest.bodies.cloudevents import ATTRIBUTE
from soar.ingest.bodies.read import read_documents
from soar.ingest.bodies.rule import LARGEST_BODY, ONE_OBJECT, Format, Parcel, Rule
from soar.ingest.grouping import Grouping
from soar.ingest.reading import Errand, Reading, is_heavy
from soar.ingest.repeat import digest
from soar.ingest.request import Requester
from soar.ingest.source import Source
from soar.model.alert import RaisedAlert
from soar.model.audit import Actor
from soar.model.errors import InputError
from soar.model.poll import Item

_KEPT_HEADERS = frozenset(
    {"content-type", "content-encoding", "user-agent", "date", "idempotency-key", "x-github-event", "x-github-delivery"}
)
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request that has been let in.

    Attributes:
        raised: what a run reports, where no request came.
        grouping: how repeats are held together; None lets each alert stand alone.
        goes_first: whether it is stored before all that waits to be written.
    """

    source: Source
    keys: tuple[str, ...]
    remote: str
    headers: Mapping[str, str]
    body: bytes
    reading: Reading
    requester: Requester
    raised: RaisedAlert | None = None
    grouping: Grouping | None = None
    goes_first: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it is one alert that costs little."""
        return len(self.reading.documents) == 1 and not is_heavy(Parcel(self.headers, self.body))


def read_item(source: Source, item: Item) -> Arrival:
    """Return what an item is as an arrival; one that has changed since it last came is another.

    Raises:
        InputError: it is not what our own readers would take.
    """
    try:
        body = orjson.dumps(item.document)
    except (TypeError, RecursionError) as error:
        raise InputError(f"the item is no JSON: {error}", code="invalid_json") from error
    if len(body) > LARGEST_BODY:
        raise InputError(f"the item is larger than {LARGEST_BODY} bytes", code="too_large")
    return Arrival(
        source=source,
        keys=(f"poll:{digest(item.key.encode('utf-8', 'surrogatepass') + b' ' + body)}",),
        remote="",
        headers={},
        body=body,
        reading=Reading(read_documents(ONE_OBJECT, Parcel({}, body))),
        grouping=source.grouping,
        requester=Requester(
            initiator=f"source:{source.id}", actor=Actor(kind="source", id=source.id, name=source.id, via="poll")
        ),
    )


def clean(text: str) -> str:
    """Return a header's or an address' text without bytes that were no UTF-8, and no longer than anybody reads."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()


def keep_headers(source: Source, headers: Mapping[str, str]) -> dict[str, str]:
    """Return what is worth keeping of the headers; nothing among it authorises.

    Of an event in binary form they are a part, and are kept whole.
    """
    wanted = _KEPT_HEADERS | {*_list_own(source.recipe)}
    kept = {name: clean(value) for name, value in headers.items() if name in wanted}
    if source.format is not Format.CLOUDEVENTS:
        return kept
    proof = getattr(source.recipe, "header", None)
    attributes = {name: value for name, value in headers.items() if name.startswith(ATTRIBUTE) and name != proof}
    return kept | {name: value.encode("utf-8", "replace").decode() for name, value in attributes.items()}


def _list_own(recipe: Recipe) -> Iterator[str]:
    """Yield the headers with the moment and the id; the one that holds a signature beside them authorises."""
    match recipe:
        case Hmac() | Ed25519():
            yield from {name for name in (recipe.id, recipe.timestamp) if name and name != recipe.header}
        case ClientState() | Sns():
            return
        case _ if recipe.id is not None:
            yield recipe.id


def make_errand(source: Source, rule: Rule, headers: Mapping[str, str], body: bytes) -> Errand:
    """Return what is to be read.

    Args:
        source: whose it is.
        rule: what the body holds.
        headers: names in lower case.
        body: as received.
    """
    return Errand(
        rule=rule,
        parcel=Parcel(headers, body),
        has_state=isinstance(source.recipe, ClientState),
        is_guessed=source.mapped.is_guessed,
    )
