"""What a site has installed and configured, read and checked before anything is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from soar.access.allowances import Allowances
from soar.access.roles import DEFAULT_ROLES, RoleTable, parse_roles
from soar.app.connections import parse_connections, parse_credential_rules, simulate_all
from soar.app.documents import read_yaml, read_yaml_file
from soar.app.library import Checker
from soar.app.polls import check_poll
from soar.app.settings import Settings, find_bundled
from soar.app.sign_on import make_provider
from soar.approvals.rota import NO_ROTAS, Rotas, parse_rotas
from soar.federation.provider import Provider
from soar.ingest.source import Source, parse_source
from soar.model.catalog import Catalog, Connection
from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.policy import DEFAULT_POLICY, Policy, parse_policy
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import LoadedConnector, load_connectors

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site has installed and configured, read and checked, before anything is opened.

    Attributes:
        connectors: loaded, by id.
        sources: by id.
        provider: the identity provider; None where there is none.
        allowances: which playbooks connections and credentials are for.
        rotas: who is on call, by name.
    """

    settings: Settings
    connectors: Mapping[str, LoadedConnector]
    catalog: Catalog
    connections: Mapping[str, Connection]
    policy: Policy
    roles: RoleTable
    sources: Mapping[str, Source]
    allowances: Allowances
    provider: Provider | None = None
    rotas: Rotas = field(default_factory=dict)

    @property
    def checker(self) -> Checker:
        """What checks playbooks against this site."""
        return Checker(
            catalog=self.catalog,
            policy=self.policy,
            sources=tuple(self.sources),
            allowances=self.allowances,
            rotas=tuple(self.rotas),
        )


def read_site(settings: Settings) -> Site:
    """Read everything a site's files say.

    Raises:
        InputError: a file does not fit; the message says which, where and what to do.
    """
    paths = settings.paths
    bundled = find_bundled("connectors")
    roots = [bundled, *([paths.connectors] if _is_own(paths.connectors, "connectors") else [])]
    connectors = load_connectors(discover(roots), read_yaml, tested=bundled)
    catalog = build_catalog(connectors.values())
    none: dict[str, Connection] = {}
    roles = _read(paths.roles, parse_roles, DEFAULT_ROLES)
    connections = _read(paths.connections, lambda document: parse_connections(document, catalog), none)
    connections = {**simulate_all(catalog), **connections} if settings.is_demo else connections
    return Site(
        settings=settings,
        connectors=connectors,
        catalog=catalog,
        connections=connections,
        policy=_read(paths.policy, parse_policy, DEFAULT_POLICY),
        roles=roles,
        sources=_read_sources(paths.sources, connectors, connections),
        provider=make_provider(settings.sign_on, roles),
        allowances=Allowances(
            connections={one.id: one.allow for one in connections.values() if one.allow is not None},
            credentials=_read(paths.connections, parse_credential_rules, {}),
        ),
        rotas=_read(paths.oncall, parse_rotas, NO_ROTAS),
    )


def read_policy(file: Path) -> Policy:
    """Read a policy that is not in force.

    Raises:
        InputError: there is none in the file, or it does not fit.
    """
    document = read_yaml_file(file)
    if document is None:
        raise InputError(f"there is no policy in {file}", code="unreadable", hint="name a file such as policy.yaml")
    return _parse(file, document, parse_policy)


def _read(file: Path, parse: Callable[[JsonValue], T], otherwise: T) -> T:
    """Return what a file says, or something else if it is not there."""
    document = read_yaml_file(file)
    return otherwise if document is None else _parse(file, document, parse)


def _parse(file: Path, document: JsonValue, parse: Callable[[JsonValue], T]) -> T:
    """Return what a document says.

    Raises:
        InputError: it does not fit; the message names the file.
    """
    try:
        return parse(document)
    except InputError as error:
        message = f"{file}: {error.message}"
        raise InputError(message, code=error.code, hint=error.hint, faults=error.faults) from error


def _is_own(path: Path, bundled: str) -> bool:
    return path.is_dir() and path.resolve() != find_bundled(bundled).resolve()


def _read_sources(
    folder: Path, connectors: Mapping[str, LoadedConnector], connections: Mapping[str, Connection]
) -> dict[str, Source]:
    def parse(document: JsonValue, source_id: str) -> Source:
        source = parse_source(document, source_id)
        if source.poll is not None:
            check_poll(source_id, source.poll, connectors, connections)
        return source

    return {
        file.stem: _parse(file, read_yaml_file(file), partial(parse, source_id=file.stem))
        for file in sorted(folder.glob("*.yaml"))
    }
