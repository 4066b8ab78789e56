"""How to send the demo's example alert."""

import os
import shlex
from collections.abc import Awaitable, Callable

from soar.api.services import FirstAlert
from soar.app.settings import find_bundled
from soar.app.site import Site
from soar.ingest.sample import curl_line
from soar.model.secret import Secret

_SOURCE = "phish-report"
_ALERT = "phishing.json"


async def describe_first_alert(
    site: Site, hooks_url: str, resolve: Callable[[str], Awaitable[Secret]]
) -> FirstAlert | None:
    """Return how to send the example alert; only the demo gives its key away.

    Args:
        site: what is installed and configured.
        hooks_url: how products reach us, without a slash at the end.
        resolve: opens a credential.
    """
    source = site.sources.get(_SOURCE)
    if source is None or not site.settings.is_demo:
        return None
    secret = await resolve(_SOURCE.replace("-", "_") + "_hook")
    shown = find_bundled("examples") / _ALERT
    file = os.path.relpath(shown)  # noqa: ASYNC240 -- paths are compared, and no disk is asked
    return FirstAlert(
        curl=curl_line(source, hooks_url, secret, file), cli=f"soar alert send {source.id} {shlex.quote(file)}"
    )
