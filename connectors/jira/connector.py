"""Jira Cloud's REST API v3: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, Field, JsonValue, StringConstraints

from soar.sdk import (
    Arguments,
    Connector,
    Context,
    Effect,
    Language,
    Output,
    PermanentError,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    path,
    read_document,
    written_in,
)

_API = "/rest/api/3"
_PAGE = 100
_SUMMARY = 255  # characters that Jira takes
_TEXT = 30_000  # characters; Jira takes 32,767 of its own notation, which is a little longer than the text

Document = TypeVar("Document", bound=BaseModel)
Label = Annotated[str, StringConstraints(pattern=r"^\S{1,255}$")]


class Search(Arguments):
    """Which issues to find."""

    jql: Annotated[str, written_in(Language.JQL)] = Field(min_length=1, description="What is looked for, in JQL.")
    limit: int = Field(default=50, ge=1, le=1000, description="How many to return at most.")


class Issue(Output):
    """An issue that was found."""

    key: str
    summary: str
    status: str
    url: str


class Issues(Output):
    """What was found."""

    total: int = Field(description="How many there are; an estimate if there are more than were returned.")
    issues: list[Issue] = Field(description="Each with its `key`, `summary`, `status` and `url`.")


class Opening(Arguments):
    """The issue to open."""

    project: str = Field(min_length=1, description="Key of the project.")
    type: str = Field(min_length=1, description="Name of the issue type, as the project has it.")
    summary: str = Field(min_length=1, description="One line; cut after 255 characters.")
    description: str = Field(default="", description="Plain text; cut after 30,000 characters.")
    labels: list[Label] = Field(default=[], description="Labels, without spaces.")


class Opened(Output):
    """The issue that was opened."""

    key: str = Field(description="Its key.")
    url: str = Field(description="Where people see it.")


class Comment(Arguments):
    """What to say on an issue."""

    issue: str = Field(min_length=1, description="Key of the issue.")
    text: str = Field(min_length=1, description="Plain text; cut after 30,000 characters.")


class Commented(Output):
    """The comment."""

    id: str = Field(description="Its id.")
    url: str = Field(description="Where people see it.")


class _Status(BaseModel):
    name: str


class _Fields(BaseModel):
    summary: str
    status: _Status


class _Found(BaseModel):
    key: str
    fields: _Fields


class _Page(BaseModel):
    issues: list[_Found]
    next: str | None = Field(default=None, alias="nextPageToken")


class _Count(BaseModel):
    count: int


class _Key(BaseModel):
    key: str


class _Id(BaseModel):
    id: str


@dataclass(frozen=True, slots=True)
class _Site:
    """The site with the connection's account."""

    ctx: Context

    @property
    def url(self) -> str:
        return str(self.ctx.settings["url"]).rstrip("/")

    def locate(self, issue: str) -> str:
        """Return where people see an issue."""
        return self.url + path("/browse/{issue}", issue=issue)

    async def get(self, place: str, params: Mapping[str, str], kind: type[Document]) -> Document:
        response = await self.ctx.http.get(self.url + _API + place, params=dict(params), auth=self._authorize())
        return _read(self.ctx.check(response), kind)

    async def post(self, place: str, document: Mapping[str, JsonValue], kind: type[Document]) -> Document:
        return _read(self.ctx.check(await self._send(place, document)), kind)

    async def write(self, place: str, document: Mapping[str, JsonValue], kind: type[Document]) -> Document:
        """Post what changes something; a 5xx or a yes that makes no sense leaves open what was changed."""
        response = await self._send(place, document)
        try:
            return _read(self.ctx.check(response), kind)
        except TransientError as error:
            raise UnknownOutcomeError(error.message) from error
        except PermanentError as error:
            if response.is_success:
                raise UnknownOutcomeError(error.message) from error
            raise

    async def _send(self, place: str, document: Mapping[str, JsonValue]) -> httpx.Response:
        return await self.ctx.http.post(self.url + _API + place, json=document, auth=self._authorize())

    def _authorize(self) -> httpx.BasicAuth:
        return httpx.BasicAuth(str(self.ctx.settings["account"]), self.ctx.secret("token").reveal())


class Jira(Connector):
    """Reads and writes issues."""

    @action(title="Find issues", effect=Effect.READ, repeat=Repeat.SAFE, timeout=60.0)
    async def search(self, ctx: Context, arguments: Search) -> Issues:
        """Return the issues that fit.

        See https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/.
        """
        site = _Site(ctx)
        found: list[_Found] = []
        token: str | None = ""
        while token is not None and len(found) < arguments.limit:
            size = min(_PAGE, arguments.limit - len(found))
            params = {"jql": arguments.jql, "fields": "summary,status", "maxResults": str(size)}
            page = await site.get("/search/jql", params | ({"nextPageToken": token} if token else {}), _Page)
            found += page.issues
            token = page.next if page.issues else None
        total = len(found) if token is None else await _estimate(site, arguments.jql, len(found))
        issues = [
            Issue(key=one.key, summary=one.fields.summary, status=one.fields.status.name, url=site.locate(one.key))
            for one in found[: arguments.limit]
        ]
        return Issues(total=total, issues=issues)

    @action(title="Open an issue", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="project")
    async def create_issue(self, ctx: Context, arguments: Opening) -> Opened:
        """Open an issue; see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/."""
        site = _Site(ctx)
        fields: dict[str, JsonValue] = {
            "project": {"key": arguments.project},
            "issuetype": {"name": arguments.type},
            "summary": _cut(" ".join(arguments.summary.split()), _SUMMARY),
            "labels": [*arguments.labels],
        }
        if arguments.description:
            fields["description"] = _write_text(arguments.description)
        key = (await site.write("/issue", {"fields": fields}, _Key)).key
        return Opened(key=key, url=site.locate(key))

    @action(title="Comment on an issue", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="issue")
    async def add_comment(self, ctx: Context, arguments: Comment) -> Commented:
        """Add a comment; see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/."""
        site = _Site(ctx)
        place = path("/issue/{issue}/comment", issue=arguments.issue)
        comment = (await site.write(place, {"body": _write_text(arguments.text)}, _Id)).id
        return Commented(id=comment, url=f"{site.locate(arguments.issue)}?focusedCommentId={comment}")


async def _estimate(site: _Site, jql: str, least: int) -> int:
    return max(least, (await site.post("/search/approximate-count", {"jql": jql}, _Count)).count)


def _write_text(text: str) -> JsonValue:
    """Write a plain text in the Atlassian Document Format, a paragraph for each line.

    See https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/.
    """
    paragraphs: list[JsonValue] = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
        for line in _cut(text, _TEXT).splitlines()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _read(response: httpx.Response, kind: type[Document]) -> Document:
    return read_document(response, kind, "Jira answered something that is not in its documentation")
