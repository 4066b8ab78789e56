"""Registration data through RDAP (RFC 9082 for the question, RFC 9083 for the answer)."""

from datetime import UTC, datetime

import httpx
from pydantic import BaseModel, Field, ValidationError

from soar.sdk import (
    ActionCode,
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    PermanentError,
    Repeat,
    action,
    path,
    read_json,
)

_SERVERS = {
    "com": "https://rdap.verisign.com/com/v1",
    "net": "https://rdap.verisign.com/net/v1",
    "org": "https://rdap.publicinterestregistry.org/rdap",
    "uk": "https://rdap.nominet.uk/uk",
    "nl": "https://rdap.sidn.nl",
}
_REDIRECTOR = "https://rdap.org"
_DEEPEST = 5


class Domain(Arguments):
    """The domain in question."""

    domain: str = Field(max_length=253, description="A domain, or a host below one.")


class Age(Output):
    """How old a domain is."""

    domain: str = Field(description="The registered domain.")
    age_days: int = Field(description="Whole days since it was registered.")
    created: datetime = Field(description="When it was registered.")


class _Event(BaseModel):
    eventAction: str  # noqa: N815 the standard's spelling
    eventDate: datetime  # noqa: N815 the standard's spelling


class _Registration(BaseModel):
    events: list[_Event] = []


class Whois(Connector):
    """Asks registries."""

    @action(title="Look up a domain's age", effect=Effect.READ, repeat=Repeat.SAFE)
    async def domain_age(self, ctx: Context, arguments: Domain) -> Age:
        """Return when the domain was registered, or the domain that the host is below."""
        candidates = _list_candidates(arguments.domain)
        server = (_SERVERS | ctx.settings.map("servers")).get(candidates[-1].rpartition(".")[2], _REDIRECTOR)
        for domain in candidates:
            response = await ctx.http.get(
                server.rstrip("/") + path("/domain/{name}", name=domain), headers={"Accept": "application/rdap+json"}
            )
            if response.status_code == httpx.codes.NOT_FOUND:
                continue
            if response.is_redirect:
                raise _explain_redirect(domain, response)
            created = _find_creation(domain, read_json(ctx.check(response)))
            return Age(domain=domain, age_days=(ctx.now() - created).days, created=created)
        raise PermanentError(f"nobody has registered {arguments.domain}", action_code=ActionCode.NOT_FOUND)


def _list_candidates(text: str) -> list[str]:
    """Return the ends of the name from two labels up, so that the registry learns no more of it than it must.

    International names are in their ASCII form.
    """
    try:
        name = text.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ActionInputError("domain: it is no domain name") from error
    labels = name.split(".")[-_DEEPEST:]
    if len(labels) == 1 or labels[-1].isdecimal():
        raise ActionInputError("domain: it is no domain name", hint="give a name such as example.com")
    return [".".join(labels[-count:]) for count in range(2, len(labels) + 1)]


def _explain_redirect(domain: str, response: httpx.Response) -> PermanentError:
    return PermanentError(
        f"no RDAP server is known for {domain}; {response.request.url.host} points to "
        f"{response.headers.get('Location', 'nowhere')}",
        action_code=ActionCode.NOT_FOUND,
        hint="add the server to the connection's servers, and its host to the connection's hosts",
    )


def _find_creation(domain: str, document: dict[str, object]) -> datetime:
    try:
        events = _Registration.model_validate(document).events
    except ValidationError as error:
        raise PermanentError(f"the registry of {domain} answered something that is no RDAP") from error
    for event in events:
        if event.eventAction == "registration":
            moment = event.eventDate
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise PermanentError(f"the registry does not say when {domain} was registered", action_code=ActionCode.NOT_FOUND)
