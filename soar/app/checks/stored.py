"""What only the open store tells: the keys of the sources, and the moment of the last audit event."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.app.checks.check import Check, bad, doubtful, good
from soar.app.wiring import Service
from soar.ingest.authentication import SHORTEST_KEY
from soar.model.errors import NotFoundError, SoarError, UnavailableError

_FEWEST_DISTINCT = 8  # of a key's bytes; 16 random ones, written as text, have more
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "your-", "placeholder", "example", "password", "s3cret")
_PATIENCE = timedelta(minutes=1)
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class HookKey:
    """The key of a source.

    Attributes:
        fingerprint: equal where keys are; empty if it could not be opened.
        length: in bytes.
        is_guessable: whether a person made it up, or left what a guide says.
        fault: why it could not be opened; None if it could.
    """

    source: str
    credential: str
    fingerprint: str = ""
    length: int = 0
    is_guessable: bool = False
    fault: SoarError | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store tells.

    Attributes:
        last: moment of the newest audit event; None if there is none.
        now: by this machine's clock.
    """

    hooks: tuple[HookKey, ...]
    last: datetime | None
    now: datetime


async def look_into_store(service: Service) -> Stored:
    """Open the keys of the sources, and read the end of the record."""
    hooks = [
        await _look_at_hook(service, source.id, name)
        for source in service.site.sources.values()
        for name in source.recipe.secrets
    ]
    newest = await service.store.read(service.workspace, lambda unit: unit.audit.list(1).items)
    last = datetime.fromisoformat(str(newest[0].document["at"])) if newest else None
    return Stored(tuple(hooks), last, service.clock.now())


def check_stored(stored: Stored) -> Iterator[Check]:
    """Look at the keys of the sources, and at the clock."""
    faults = [*_check_hooks(stored.hooks), *_check_reuse(stored.hooks)]
    yield from faults or [good(f"{len(stored.hooks)} keys, each for one source", name="sources")]
    if stored.last is not None and stored.now < stored.last - _PATIENCE:
        yield doubtful(
            f"the clock says {stored.now:%Y-%m-%d %H:%M}, and the last audit event is of {stored.last:%Y-%m-%d %H:%M}",
            name="clock",
            code="clock_behind",
            hint="set the clock: timedatectl set-ntp true",
        )


async def _look_at_hook(service: Service, source: str, name: str) -> HookKey:
    try:
        key = (await service.resolve(service.workspace, name)).reveal()
    except (NotFoundError, UnavailableError) as error:
        return HookKey(source, name, fault=error)
    data = key.encode()
    return HookKey(
        source,
        name,
        fingerprint=hashlib.sha256(data).hexdigest(),
        length=len(data),
        is_guessable=len(set(data)) < _FEWEST_DISTINCT or any(word in key.lower() for word in _PLACEHOLDERS),
    )


def _check_hooks(hooks: Sequence[HookKey]) -> Iterator[Check]:
    missing = [hook for hook in hooks if isinstance(hook.fault, NotFoundError)]
    if len(missing) > 1:
        yield _tell_missing(missing)
    for hook in hooks if len(missing) <= 1 else [hook for hook in hooks if hook not in missing]:
        again = f"head -c 32 /dev/urandom | base64 | soar secret set {hook.credential}"
        if hook.fault is not None:
            yield doubtful(
                f"the source {hook.source} can send nothing: {hook.fault.message}",
                name="sources",
                code="hook_key_missing",
                hint=hook.fault.hint or again,
            )
        elif hook.length < SHORTEST_KEY:
            yield bad(
                f"the key {hook.credential} of the source {hook.source} has {hook.length} bytes, not {SHORTEST_KEY}",
                name="sources",
                code="hook_key_short",
                hint=f"make another, and tell the sender: {again}",
            )
        elif hook.is_guessable:
            yield bad(
                f"the key {hook.credential} of the source {hook.source} can be guessed",
                name="sources",
                code="hook_key_guessable",
                hint=f"make another, and tell the sender: {again}",
            )


def _tell_missing(missing: Sequence[HookKey]) -> Check:
    """Say in one line which sources wait for a key: of those that are shipped, a site uses a few."""
    names = sorted({hook.source for hook in missing})
    told = ", ".join(names[:_MOST_NAMES]) + (
        f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    )
    return doubtful(
        f"{len(names)} sources can send nothing, as their keys are not set: {told}",
        name="sources",
        code="hook_keys_missing",
        hint="set the keys of those that you use: head -c 32 /dev/urandom | base64 | soar secret set <name>",
    )


def _check_reuse(hooks: Sequence[HookKey]) -> Iterator[Check]:
    first: dict[str, HookKey] = {}
    for hook in hooks:
        other = first.setdefault(hook.fingerprint, hook) if hook.fingerprint else hook
        if other.source != hook.source:
            yield bad(
                f"the sources {other.source} and {hook.source} have the same key: each could send as the other",
                name="sources",
                code="hook_key_shared",
                hint=f"make another, and tell the sender: head -c 32 /dev/urandom | base64 | "
                f"soar secret set {hook.credential}",
            )
