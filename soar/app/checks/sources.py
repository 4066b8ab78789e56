"""Can what sources prove themselves by be seen from where we stand?"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from soar.app.checks.check import Check, doubtful
from soar.app.settings import ServerSettings
from soar.ingest.authentication import Certificate
from soar.ingest.source import Source


def check_sources(sources: Mapping[str, Source], server: ServerSettings) -> Iterator[Check]:
    """Look for sources that nobody could get in by, however right what they send is."""
    for source in sources.values():
        match source.recipe:
            case Certificate(proxies=()) if server.hooks_tls is None:
                yield doubtful(
                    f"the source {source.id} shows a client certificate, and nobody looks at it",
                    name="source",
                    code="certificate_unseen",
                    hint="set server.hooks_tls, or name under auth.proxies the proxy that says which one was shown",
                )
            case Certificate(proxies=proxies) if hidden := _find_hidden(proxies, server):
                yield doubtful(
                    f"the source {source.id} believes {hidden} about client certificates, and server.trusted_proxies "
                    "has it stand for whoever it speaks for",
                    name="source",
                    code="certificate_unseen",
                    hint="take the proxy out of one of the two",
                )
        if source.networks and not source.proxies and _is_behind_unknown_proxy(server):
            yield doubtful(
                f"the source {source.id} may come from some networks alone, and all that is seen is the proxy in front",
                name="source",
                code="origin_unseen",
                hint="name the proxy in server.trusted_proxies, or under auth.proxies of the source",
            )


def _find_hidden(proxies: tuple[str, ...], server: ServerSettings) -> str | None:
    """Return the first of a source's proxies that never shows, since it is trusted to speak for others."""
    trusted = [ip_network(network) for network in server.trusted_proxies]
    mine = {network: ip_network(network, strict=False) for network in proxies}
    return next(
        (
            shown
            for shown, one in mine.items()
            if any(one.overlaps(other) for other in trusted if one.version == other.version)
        ),
        None,
    )


def _is_behind_unknown_proxy(server: ServerSettings) -> bool:
    """Whether something in front of us does TLS, of which nobody has said where it is."""
    return server.url.startswith("https://") and server.hooks_tls is None and not server.trusted_proxies
