"""The file that says which products we speak to, and as whom."""

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from soar.model.catalog import Allow, Catalog, Connection, ConnectorSpec, OAuth2
from soar.model.errors import FieldFault, InputError
from soar.model.rate import Rate


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    requests: int = Field(gt=0)
    seconds: float = Field(gt=0)


class _OAuth2(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token_url: str = Field(pattern=r"^https?://[^/?#@]+(/[^?#]*)?$")
    client_id: str = Field(min_length=1, max_length=1000)
    client_secret: str | None = None
    refresh_token: str | None = None
    scope: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.client_secret is None and self.refresh_token is None:
            raise ValueError("name a client_secret, a refresh_token, or both")
        return self


class _Allow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    playbooks: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def build(self) -> Allow:
        return Allow(playbooks=self.playbooks, teams=self.teams)


class _Credential(BaseModel):
    model_config = ConfigDict(extra="forbid")

    allow: _Allow


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connector: str = ""
    mode: Literal["live", "simulate"] = "live"
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    credentials: dict[str, str] = Field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    calls: int | None = Field(default=None, ge=1, le=1000)
    limit: _Limit | None = None
    oauth2: _OAuth2 | None = None
    allow: _Allow | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connections: dict[str, _Entry] = Field(default_factory=dict)
    credentials: dict[str, _Credential] = Field(default_factory=dict)


def parse_connections(document: JsonValue, catalog: Catalog) -> dict[str, Connection]:
    """Read `connections.yaml`: a map from the connection's id to its connector, mode, settings, credentials and limits.

    Args:
        document: the file as plain data.
        catalog: the installed connectors.

    Raises:
        InputError: a key, setting or credential is unknown, a connection names a connector that is not installed, or
            is to simulate one that cannot be simulated.
    """
    entries = _read_file(document).connections
    found = {}
    for id_, entry in entries.items():
        connector = entry.connector or id_
        if connector not in catalog.connectors:
            raise InputError(
                f"connections.{id_}: no connector `{connector}` is installed",
                code="connections.unknown_connector",
                hint=f"installed: {', '.join(sorted(catalog.connectors))}",
            )
        faults = [*_find_faults(f"/connections/{id_}", entry, catalog.connectors[connector])]
        if faults:
            raise InputError("the connections do not fit", code="connections.invalid", faults=faults)
        found[id_] = Connection(
            id=id_,
            connector=connector,
            simulate=entry.mode == "simulate",
            settings=entry.settings,
            credentials=entry.credentials,
            hosts=entry.hosts,
            calls=entry.calls,
            rate=Rate(entry.limit.requests, entry.limit.seconds) if entry.limit else None,
            oauth2=OAuth2(**entry.oauth2.model_dump()) if entry.oauth2 else None,
            allow=entry.allow.build() if entry.allow else None,
        )
    return found


def parse_credential_rules(document: JsonValue) -> dict[str, Allow]:
    """Read from the same file which playbooks may name which credentials in their arguments.

    Raises:
        InputError: it does not fit.
    """
    return {name: entry.allow.build() for name, entry in _read_file(document).credentials.items()}


def _read_file(document: JsonValue) -> _File:
    try:
        return _File.model_validate(document)
    except ValidationError as error:
        faults = [FieldFault("/" + "/".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
        raise InputError("the connections do not fit", code="connections.invalid", faults=faults) from error


def _find_faults(pointer: str, entry: _Entry, spec: ConnectorSpec) -> Iterator[FieldFault]:
    known = spec.settings.get("properties")
    for name in sorted(entry.settings.keys() - (known.keys() if isinstance(known, dict) else ())):
        yield FieldFault(f"{pointer}/settings/{name}", f"{spec.id} has no such setting")
    for name in sorted(entry.credentials.keys() - set(spec.secrets)):
        yield FieldFault(f"{pointer}/credentials/{name}", f"{spec.id} takes no such credential")
    if entry.oauth2 is not None and spec.token_field is None:
        yield FieldFault(f"{pointer}/oauth2", f"{spec.id} takes no access token")
    if entry.mode == "simulate" and not spec.has_simulator:
        yield FieldFault(f"{pointer}/mode", f"{spec.id} cannot be simulated")


def simulate_all(catalog: Catalog) -> Mapping[str, Connection]:
    """Return one simulated connection for each connector that can be simulated, as the demo uses them."""
    return {
        id_: Connection(id=id_, connector=id_, simulate=True)
        for id_, connector in catalog.connectors.items()
        if connector.has_simulator
    }
