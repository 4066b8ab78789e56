"""Reads heavy bodies at once, in this process."""

from soar.ingest.reading import Errand, Reading, read_body


class InlineReader:
    """See `soar.ingest.reading.BodyReader`."""

    async def read(self, errand: Errand) -> Reading:
        return read_body(errand)
