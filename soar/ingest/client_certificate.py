"""Which client certificate a proxy has seen, as proxies say it in a header."""

import base64
import binascii
import hashlib
import re
from enum import StrEnum
from typing import Final, assert_never
from urllib.parse import unquote

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_HASH: Final = re.compile(r"Hash=([0-9a-f]{64})", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Form(StrEnum):
    """How a proxy writes a client certificate."""

    RFC9440 = "rfc9440"
    """`:base64 of the DER:` (RFC 9440, `Client-Cert`)."""

    PEM = "pem"
    """PEM of one certificate, percent-encoded (nginx: `$ssl_client_escaped_cert`)."""

    XFCC = "xfcc"
    """`Hash=…` among other parts (Envoy, `x-forwarded-client-cert`); of several elements none is believed."""

    SHA256 = "sha256"
    """The SHA-256 fingerprint itself, in hex with or without colons (HAProxy, `ssl_c_der,sha2(256),hex`)."""


def read_fingerprint(form: Form, header: str) -> str | None:
    """Return the SHA-256 of a client certificate in lower-case hex; None if the header names none, or more than one."""
    match form:
        case Form.RFC9440:
            is_item = len(header) > 2 and header[0] == header[-1] == ":"  # noqa: PLR2004 -- two colons
            return _hash(header[1:-1]) if is_item else None
        case Form.PEM:
            found = _PEM.fullmatch(unquote(header))
            return _hash("".join(found[1].split())) if found else None
        case Form.XFCC:
            plain = _QUOTED.sub("", header)  # within quotes stands what the client has chosen
            hashes = [part for part in plain.split(";") if _HASH.fullmatch(part)]
            return hashes[0].removeprefix("Hash=") if len(hashes) == 1 and "," not in plain else None
        case Form.SHA256:
            plain = header.replace(":", "").lower()
            return plain if _FINGERPRINT.fullmatch(plain) else None
        case _:
            assert_never(form)


def _hash(text: str) -> str | None:
    try:
        return hashlib.sha256(base64.b64decode(text, validate=True)).hexdigest()
    except binascii.Error:
        return None
