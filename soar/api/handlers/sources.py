"""What may send alerts."""

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.sources import SourcePage, view_source


async def list_sources(call: Call, _: Nothing) -> SourcePage:
    """List what may send alerts."""
    sources = sorted(call.services.receiver.sources.values(), key=lambda source: source.id)
    return SourcePage(items=tuple(view_source(source, call.services.url) for source in sources), next=None)
