"""What a site has installed and configured, read and checked before anything is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soar.access.roles import DEFAULT_ROLES, RoleTable, parse_roles
from soar.app.connections import parse_connections, simulate_all
from soar.app.documents import read_yaml, read_yaml_file
from soar.app.library import Checker
from soar.app.settings import Settings, find_bundled
from soar.ingest.source import Source, parse_source
from soar.model.catalog import Catalog, Connection
from soar.policy import DEFAULT_POLICY, Policy, parse_policy
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import LoadedConnector, load_connectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site has installed and configured, read and checked, before anything is opened.

    Attributes:
        connectors: loaded, by id.
        sources: by id.
    """

    settings: Settings
    connectors: Mapping[str, LoadedConnector]
    catalog: Catalog
    connections: Mapping[str, Connection]
    policy: Policy
    roles: RoleTable
    sources: Mapping[str, Source]

    @property
    def checker(self) -> Checker:
        """What checks playbooks against this site."""
        return Checker(catalog=self.catalog, policy=self.policy, sources=tuple(self.sources))


def read_site(settings: Settings) -> Site:
    """Read everything a site's files say.

    Raises:
        InputError: a file does not fit; the message says which, where and what to do.
    """
    paths = settings.paths
    roots = [find_bundled("connectors"), *([paths.connectors] if _is_own(paths.connectors, "connectors") else [])]
    connectors = load_connectors(discover(roots), read_yaml)
    catalog = build_catalog(connectors.values())
    policy, roles = read_yaml_file(paths.policy), read_yaml_file(paths.roles)
    connections = parse_connections(read_yaml_file(paths.connections), catalog)
    return Site(
        settings=settings,
        connectors=connectors,
        catalog=catalog,
        connections={**simulate_all(catalog), **connections} if settings.is_demo else connections,
        policy=parse_policy(policy) if policy is not None else DEFAULT_POLICY,
        roles=parse_roles(roles) if roles is not None else DEFAULT_ROLES,
        sources=_read_sources(paths.sources),
    )


def _is_own(path: Path, bundled: str) -> bool:
    return path.is_dir() and path.resolve() != find_bundled(bundled).resolve()


def _read_sources(folder: Path) -> dict[str, Source]:
    return {file.stem: parse_source(read_yaml_file(file), file.stem) for file in sorted(folder.glob("*.yaml"))}
