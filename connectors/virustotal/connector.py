"""VirusTotal's API v3: https://docs.virustotal.com/reference/overview."""

import base64
from datetime import UTC, datetime
from typing import Annotated

import httpx
from pydantic import BaseModel, Field, StringConstraints

from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, action, path, read_document

_API = "https://www.virustotal.com/api/v3"

Hash = Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$")]


class Url(Arguments):
    """The URL in question."""

    url: str = Field(min_length=1, description="The URL in question.")


class File(Arguments):
    """The file in question."""

    hash: Hash = Field(description="MD5, SHA-1 or SHA-256 of the file, in hex.")


class _Verdict(Output):
    known: bool = Field(description="Whether VirusTotal has seen it; if not, all counts are 0.")
    malicious: int = Field(default=0, description="Scanners that call it malicious.")
    suspicious: int = Field(default=0, description="Scanners that call it suspicious.")
    harmless: int = Field(default=0, description="Scanners that call it harmless.")
    undetected: int = Field(default=0, description="Scanners that found nothing.")
    last_analysis: datetime | None = Field(default=None, description="When the scanners last looked.")


class UrlReport(_Verdict):
    """What the scanners say of a URL."""

    url: str = Field(description="The URL as it was asked for.")


class FileReport(_Verdict):
    """What the scanners say of a file."""

    hash: str = Field(description="The hash as it was asked for.")


class _Stats(BaseModel):
    malicious: int
    suspicious: int
    harmless: int
    undetected: int


class _Attributes(BaseModel):
    last_analysis_stats: _Stats
    last_analysis_date: int | None = None


class _Data(BaseModel):
    attributes: _Attributes


class _Report(BaseModel):
    data: _Data


class VirusTotal(Connector):
    """Reads reports."""

    @action(title="Read the report on a URL", effect=Effect.READ, repeat=Repeat.SAFE)
    async def url_report(self, ctx: Context, arguments: Url) -> UrlReport:
        """Return what the scanners say of a URL, found by its text in base64url without padding."""
        name = base64.urlsafe_b64encode(arguments.url.encode()).decode("ascii").rstrip("=")
        found = await _fetch(ctx, path("/urls/{id}", id=name))
        return UrlReport(url=arguments.url, **found)

    @action(title="Read the report on a file", effect=Effect.READ, repeat=Repeat.SAFE)
    async def file_report(self, ctx: Context, arguments: File) -> FileReport:
        """Return what the scanners say of a file."""
        found = await _fetch(ctx, path("/files/{hash}", hash=arguments.hash))
        return FileReport(hash=arguments.hash, **found)


async def _fetch(ctx: Context, place: str) -> dict[str, int | bool | datetime | None]:
    response = await ctx.http.get(_API + place, headers={"x-apikey": ctx.secret("api_key").reveal()})
    if response.status_code == httpx.codes.NOT_FOUND:
        return {"known": False}
    report = read_document(ctx.check(response), _Report, "VirusTotal answered something that is no report")
    attributes = report.data.attributes
    moment = attributes.last_analysis_date
    return {
        "known": True,
        **attributes.last_analysis_stats.model_dump(),
        "last_analysis": None if moment is None else datetime.fromtimestamp(moment, UTC),
    }
