"""What may send alerts."""

from soar.access.permissions import Permission
from soar.access.subjects import describe_source
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.sources import SourcePage, view_source
from soar.api.things import Shown
from soar.ingest.source import Source


async def list_sources(call: Call, _: Nothing) -> SourcePage:
    """List what may send alerts."""
    shown = Shown[Source](
        call, Permission.SOURCE_READ, lambda source: describe_source(call.workspace, source.id, source.team)
    )
    sources = sorted(shown.keep(call.services.receiver.sources.values()), key=lambda source: source.id)
    return SourcePage(items=tuple(view_source(source, call.services.url) for source in sources), next=None)
