"""What may send alerts, and their keys."""

from datetime import timedelta

from soar.access.permissions import Permission
from soar.access.subjects import describe_source
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.sources import SourceKeyMade, SourceKeyWanted, SourcePage, view_source
from soar.api.things import Shown
from soar.audit.actor import describe_principal
from soar.ingest.authentication import KEY_BYTES, SHORTEST_KEY, make_key
from soar.ingest.source import Source
from soar.model.errors import FieldFault, InputError, NotFoundError
from soar.model.secret import Secret


async def list_sources(call: Call, _: Nothing) -> SourcePage:
    """List what may send alerts, or is asked for them, and how that goes."""
    shown = Shown[Source](
        call, Permission.SOURCE_READ, lambda source: describe_source(call.workspace, source.id, source.team)
    )
    sources = sorted(shown.keep(call.services.receiver.sources.values()), key=lambda source: source.id)
    pollers = {poller.source: poller for poller in await call.read(lambda unit: unit.pollers.list())}
    views = (view_source(source, call.services.hooks_url, pollers.get(source.id)) for source in sources)
    return SourcePage(items=tuple(views), next=None)


async def rotate_source(call: Call, sent: SourceKeyWanted) -> SourceKeyMade:
    """Give a source another key; the one before stays good for a while, and a key that is made is shown this once."""
    source = call.services.receiver.sources.get(call.part("source"))
    if source is None:
        raise NotFoundError(f"no source {call.part('source')}", hint="`soar source list` shows them")
    name = _choose_credential(source, sent)
    made = None if sent.value is not None else make_key(source.recipe, call.services.randomness.bytes(KEY_BYTES))
    if sent.value is None and made is None:
        raise InputError(
            f"the key of {source.id} is the sender's to make", code="source.key_needed", hint="give it: --given"
        )
    value = Secret(sent.value.get_secret_value() if sent.value is not None else made or "")
    if len(value.reveal().encode()) < SHORTEST_KEY:
        raise _refuse("/value", f"a key has at least {SHORTEST_KEY} bytes", "leave it out to have one made")
    version = await call.services.vault.set_credential(
        call.workspace,
        name,
        value,
        actor=describe_principal(call.principal),
        now=call.at,
        former_until=call.at + timedelta(hours=sent.former_hours),
    )
    return SourceKeyMade(
        source=source.id,
        credential=name,
        version=version.version,
        former_until=version.former_until if version.version > 1 else None,
        key=made,
    )


def _choose_credential(source: Source, sent: SourceKeyWanted) -> str:
    names = source.recipe.secrets
    if not names:
        raise InputError(
            f"{source.id} proves itself without a key of ours",
            code="source.no_key",
            hint="change its file: two fingerprints may stand there at once",
        )
    name = sent.credential or names[0]
    if name not in names:
        raise _refuse("/credential", f"{source.id} has no key {name}", f"it has {' and '.join(names)}")
    return name


def _refuse(pointer: str, message: str, hint: str) -> InputError:
    return InputError(message, code="source.key", hint=hint, faults=[FieldFault(pointer, message)])
