"""Who is let in: the source that a request names, if it has proved itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from soar.access.tokens import is_from
from soar.ingest.amazon import SnsVerifier
from soar.ingest.authentication import ClientState, Hmac, Request, Sns, find_refusal
from soar.ingest.bodies.rule import ONE_OBJECT, Parcel
from soar.ingest.reading import BodyReader, Errand, is_heavy
from soar.ingest.source import Source
from soar.model.clock import Clock
from soar.model.errors import InputError
from soar.model.secret import Secret

_NOBODY: Final = Hmac(header="x-signature", secrets=("nobody",))
_FORWARDED: Final = "x-forwarded-for"

OpenKeys = Callable[[str], Awaitable[Sequence[Secret]]]
"""Returns what a credential's name stands for now, the newest first; nothing if there is no such credential."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door says.

    Attributes:
        source: who came; None if no source has this name.
        refusal: why they stay outside; None if they are let in.
    """

    source: Source | None
    refusal: str | None


class Door:
    """Looks at what comes to a hook. An unknown source costs what a wrong signature costs.

    Args:
        sources: by id.
        open_keys: opens credentials.
        sns: checks what Amazon SNS sends.
        reader: reads large bodies that hold their own proof.
        clock: for moments.
    """

    def __init__(
        self,
        *,
        sources: Mapping[str, Source],
        open_keys: OpenKeys,
        sns: SnsVerifier,
        reader: BodyReader,
        clock: Clock,
    ) -> None:
        self._sources = sources
        self._open_keys = open_keys
        self._sns = sns
        self._reader = reader
        self._clock = clock

    async def ask(self, source_id: str, request: Request) -> Answer:
        """Say whether a request is let in.

        Raises:
            UnavailableError: it cannot be said now.
        """
        source = self._sources.get(source_id)
        refusal = await self._find_refusal(source, request)
        if source is None:
            return Answer(None, "there is no such source")
        if refusal is None and not is_from(source.networks, find_origin(request, source.proxies)):
            return Answer(source, "it does not come from the source's networks")
        return Answer(source, refusal)

    async def _find_refusal(self, source: Source | None, request: Request) -> str | None:
        recipe = source.recipe if source else _NOBODY
        if isinstance(recipe, ClientState | Sns) and is_heavy(parcel := Parcel({}, request.body)):
            try:
                reading = await self._reader.read(Errand(rule=ONE_OBJECT, parcel=parcel))
            except InputError as error:
                return f"the body cannot be read: {error.message}"
            request = replace(request, document=reading.documents[0])
        if isinstance(recipe, Sns):
            return await self._sns.find_refusal(recipe, request)
        keys = [key for name in recipe.secrets for key in await self._open_keys(name)]
        return find_refusal(recipe, request, keys, self._clock.now())


def find_origin(request: Request, proxies: Sequence[str]) -> str:
    """Return the address that a request comes from: the last in `X-Forwarded-For` that is no proxy of ours.

    What stands before that in the header was written by whoever sent it, and is nobody's word.
    """
    address = request.remote
    forwarded = [one.strip() for one in request.headers.get(_FORWARDED, "").split(",")]
    while forwarded and proxies and is_from(proxies, address):
        address = forwarded.pop()
    return address
