"""An asset inventory that answers JSON over HTTP."""

import re
from collections.abc import Mapping

from pydantic import Field, JsonValue

from soar.sdk import (
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

_NEEDED = ("kind", "owner")
_SERVICES = "services"
_PLACE = re.compile(r"\{[^}]*\}")


class Host(Arguments):
    """The host in question."""

    host: str = Field(min_length=1, max_length=253, description="The host's name, as the inventory has it.")


class Asset(Output):
    """What the inventory says of a host."""

    host: str = Field(description="The host's name as it was asked for.")
    kind: str = Field(description="What it is, such as `server`.")
    owner: str = Field(description="Who answers for it.")
    services: list[str] = Field(description="What runs on it.")
    details: dict[str, JsonValue] = Field(description="The further fields that the connection names.")


class Cmdb(Connector):
    """Reads about hosts."""

    @action(title="Read about a host", effect=Effect.READ, repeat=Repeat.SAFE)
    async def get_host(self, ctx: Context, arguments: Host) -> Asset:
        """Return what the inventory says of a host."""
        fields = ctx.settings.map("fields")
        missing = [name for name in _NEEDED if name not in fields]
        if missing:
            raise ActionInputError(f"the connection's fields do not say where {missing[0]} is")
        url = str(ctx.settings["url"]).rstrip("/") + _locate(str(ctx.settings["path"]), arguments.host)
        credential = f"{ctx.settings['scheme']} {ctx.secret('token').reveal()}"
        response = await ctx.http.get(url, headers={"Authorization": credential, "Accept": "application/json"})
        document = read_json(ctx.check(response))
        found = {name: _find(document, place) for name, place in fields.items()}
        return Asset(
            host=arguments.host,
            kind=_read_text("kind", found),
            owner=_read_text("owner", found),
            services=_read_services(found.get(_SERVICES)),
            details={name: value for name, value in found.items() if name not in {*_NEEDED, _SERVICES}},
        )


def _locate(template: str, host: str) -> str:
    if set(_PLACE.findall(template)) != {"{host}"} or not template.startswith("/"):
        raise ActionInputError("the connection's path must begin with / and hold {host}, and nothing else in braces")
    return path(template, host=host)


def _find(document: JsonValue, place: str) -> JsonValue:
    """Return what is at a place such as `result.0.owner`; None if nothing is."""
    for step in place.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _read_text(name: str, found: Mapping[str, JsonValue]) -> str:
    value = found[name]
    if not isinstance(value, str) or not value:
        raise PermanentError(
            f"the inventory does not say the host's {name}",
            hint="complete the host's entry, or correct the connection's fields",
        )
    return value


def _read_services(value: JsonValue) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise PermanentError("the inventory's services are no list", hint="correct the connection's fields")
    texts = [one for one in value if isinstance(one, str)]
    if len(texts) != len(value):
        raise PermanentError("the inventory's services are not all texts", hint="correct the connection's fields")
    return texts
