"""Can what is said to us, and by us, be read or changed on its way?"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from soar.app.checks.check import Check, bad, doubtful, good
from soar.app.settings import Settings, split_address
from soar.store import is_exposed, is_shared

_OWN_ORIGIN = "soar.local/audit"


def check_network(settings: Settings) -> Iterator[Check]:
    """Look at our own address, and at those that keys and rows go to."""
    yield _check_address(settings)
    yield from _check_database(settings)
    yield from _check_vaults(settings)
    health = settings.worker.health
    if health and not is_loopback(split_address(health)[0]):
        yield doubtful(
            f"whoever reaches {health} is told how a worker is",
            name="worker health",
            code="health_exposed",
            hint="let worker.health be a loopback address, or let a firewall stand before it",
        )
    if settings.audit.origin == _OWN_ORIGIN and settings.server.url.startswith("https://"):
        yield doubtful(
            "the audit record has the name that every new installation has",
            name="audit origin",
            code="origin_shared",
            hint=f"before the first checkpoint, set audit.origin to {urlsplit(settings.server.url).hostname}/audit",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine; a name may lead anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_address(settings: Settings) -> Check:
    url, listen = settings.server.url, settings.server.listen
    parts = _split(url) if url else urlsplit(f"http://{listen}")
    if parts is None:
        return bad(
            "server.url is not the address of a site, such as https://soar.example",
            name="address",
            code="url_malformed",
            hint="write https, the host and perhaps a port; no path, no name and no password",
        )
    if parts.scheme == "https":
        return good(f"listens on {listen}, and {parts.hostname} does TLS", name="address")
    if not is_loopback(settings.server.host):
        return bad(
            f"listens on {listen} without TLS in front of it: passwords and tokens could be read on their way",
            name="address",
            code="plain_address",
            hint="put a TLS proxy in front and set server.url (in a container SOAR_SERVER__URL) to its https address, "
            "or listen on 127.0.0.1:8600",
        )
    if not is_loopback(parts.hostname or ""):
        return bad(
            f"people reach it by {url}, without TLS: passwords and tokens could be read on their way",
            name="address",
            code="plain_url",
            hint="let the proxy do TLS, and set server.url to its https address",
        )
    return good(f"listens on {listen}", name="address")


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address that is a scheme, a host and perhaps a port; None for any other."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    is_more = bool(parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    return parts if is_whole and not is_more and parts.scheme in {"http", "https"} else None


def _check_database(settings: Settings) -> Iterator[Check]:
    if is_exposed(settings.database.url):
        yield doubtful(
            "what is said to the database can be read and changed on its way",
            name="database",
            code="database_exposed",
            hint="add ?sslmode=verify-full to database.url",
        )
    if is_shared(settings.database.url) and not settings.server.url:
        yield doubtful(
            "several processes may share the database, and workers do not know how people reach us",
            name="url",
            code="url_missing",
            hint="set server.url, to the same on every machine",
        )


def _check_vaults(settings: Settings) -> Iterator[Check]:
    vault = settings.vault
    servers = {"vault.transit.url": vault.transit, "vault.references.server.url": vault.references.server}
    for setting, server in servers.items():
        if server is None or server.url.startswith("https://") or is_loopback(urlsplit(server.url).hostname or ""):
            continue
        yield bad(
            f"{setting} is {server.url}: the token, and keys or credentials, could be read on their way",
            name="vault server",
            code="plain_vault",
            hint=f"let that server do TLS, and write https in {setting}",
        )
