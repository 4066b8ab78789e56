"""OpenSearch's search API: https://docs.opensearch.org/latest/api-reference/search-apis/search/."""

from datetime import UTC
from typing import Annotated

import httpx
from pydantic import AwareDatetime, BaseModel, Field, JsonValue, StringConstraints

from soar.sdk import (
    Arguments,
    Connector,
    Context,
    Effect,
    Language,
    Output,
    Repeat,
    action,
    path,
    read_document,
    written_in,
)

# What may name an index, see https://docs.opensearch.org/latest/api-reference/index-apis/create-index/. A leading `_`
# would be the name of another API.
Index = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.*][a-z0-9._*,-]*$", max_length=1000)]


class Search(Arguments):
    """What to look for."""

    index: Index = Field(description="Names or patterns of indices, with commas between them.")
    query: Annotated[str, written_in(Language.QUERY_STRING)] = Field(
        min_length=1, description="In query-string syntax."
    )
    since: AwareDatetime = Field(description="Only what happened since then.")
    until: AwareDatetime | None = Field(default=None, description="Only what happened before then.")
    limit: int = Field(ge=1, le=10_000, description="How many documents to return at most.")


class Hits(Output):
    """What was found."""

    total: int = Field(description="How many documents there are.")
    hits: list[dict[str, JsonValue]] = Field(description="The documents, the latest first.")


class _Total(BaseModel):
    value: int


class _Hit(BaseModel):
    source: dict[str, JsonValue] = Field(alias="_source")


class _Hits(BaseModel):
    total: _Total
    hits: list[_Hit]


class _Answer(BaseModel):
    hits: _Hits


class OpenSearch(Connector):
    """Searches documents."""

    @action(title="Search documents", effect=Effect.READ, repeat=Repeat.SAFE, timeout=60.0)
    async def search(self, ctx: Context, arguments: Search) -> Hits:
        """Return the latest documents that fit; see https://docs.opensearch.org/latest/query-dsl/full-text/query-string/."""
        response = await ctx.http.post(
            str(ctx.settings["url"]).rstrip("/") + path("/{index}/_search", index=arguments.index),
            params={"allow_no_indices": "false", "allow_partial_search_results": "false"},
            auth=httpx.BasicAuth(str(ctx.settings["user"]), ctx.secret("password").reveal()),
            json=_write_request(arguments, str(ctx.settings["time_field"])),
        )
        complaint = "OpenSearch answered something that is no search result"
        found = read_document(ctx.check(response), _Answer, complaint).hits
        return Hits(total=found.total.value, hits=[hit.source for hit in found.hits])


def _write_request(arguments: Search, time_field: str) -> dict[str, object]:
    period = {"gte": arguments.since.astimezone(UTC).isoformat(), "format": "strict_date_optional_time"}
    if arguments.until is not None:
        period["lt"] = arguments.until.astimezone(UTC).isoformat()
    clauses = [{"query_string": {"query": arguments.query}}, {"range": {time_field: period}}]
    return {
        "query": {"bool": {"filter": clauses}},
        "sort": [{time_field: {"order": "desc"}}],
        "size": arguments.limit,
        "track_total_hits": True,
    }
