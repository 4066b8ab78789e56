"""TLS in front of hooks, with certificates that clients prove themselves by."""

import ssl
import stat
from pathlib import Path

from soar.app.settings import HooksTlsSettings
from soar.model.errors import InputError

_CODE = "server.hooks_tls"


def make_context(settings: HooksTlsSettings) -> ssl.SSLContext:
    """Return what a listener does TLS by: 1.2 or newer, and client certificates that lead to an authority of ours.

    A client that shows none is let through, as its source may prove itself otherwise; one that shows another is not.

    Raises:
        InputError: a file is missing or holds something else, or others may read the key.
    """
    for path in (settings.certificate, settings.key, settings.client_authority):
        if not path.is_file():
            raise InputError(f"there is no file {path}", code=_CODE, hint="correct server.hooks_tls")
    _check_key(settings.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    try:
        context.load_cert_chain(
            settings.certificate, settings.key, password=""
        )  # one that needs a word is not asked for it
        context.load_verify_locations(settings.client_authority)
    except (ssl.SSLError, OSError) as error:
        hint = "give PEM files: a certificate, its own key without a passphrase, and authorities"
        raise InputError(f"the files of server.hooks_tls do not fit: {error}", code=_CODE, hint=hint) from error
    return context


def _check_key(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise InputError(
            f"the key {path} can be read or written by others (mode {mode:04o})", code=_CODE, hint=f"chmod 600 {path}"
        )
