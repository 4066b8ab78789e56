"""Secrets that would be noticed wherever they came out, and how to look for them in whatever form they take."""

import base64
import gzip
import html
import json
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator

_GZIP = re.compile(rb"\x1f\x8b\x08")
_NARROW = 10
"""Bytes that a form must have: shorter ones occur in innocent data."""

_LONGEST = 80
"""Characters that are looked for on their own where a secret has more: a cut one is a leak as well."""

_PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg
ZmFrZS1rZXktRG03OQ==
-----END PRIVATE KEY-----
"""

CANARIES = (
    "Zq7!vKp9",
    "L0ng-" + "k3Wt9xQz" * 250 + "-end",
    'quo"ted-"Vb41kz"-two',
    "apos'tro-phe's\\back\\slash-Nw82",
    "first-line-Rt55\nsecond-line-Uy66\nthird-line-Op77",
    "carriage-Hj12\r\nreturn-Kl34\r\n",
    "tab\tbed-Xc90\tvalue",
    "ünïcödé-Schlüssel-Ωμέγα-🔑-Bn23",
    "c2VjcmV0LWxvb2tpbmctYmFzZTY0LVFXRVJUWQ==",
    _PEM,
    "https://svc:pa55-Gf31@vault.example/path?sig=a%2Fb&x=1#frag",
    '{"client": "soar", "secret": "Pz64-json", "n": [1, 2]}',
    '<b class="k">&amp;Ty28\'</b><script>x</script>',
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
    "percent-%41%42-plus+sign-Mk07",
    "spaces in between Qd93 and at the end ",
    "${{ secrets.canary_01 }}-Wr46",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb2FyIn0.Xb58-signature_part",
    "../../etc/soar/Sv19/vault.key",
    "'; DROP TABLE credentials; -- Lf70",
    "948302758103446",
)
"""Of every shape that a secret has; no two share a piece that is looked for."""


def find_canary(secret: str, data: bytes) -> list[str]:
    """Return the names of the forms in which a secret stands in the data, also in what is compressed there."""
    texts = [data, *_unpack(data)]
    return sorted(
        name
        for name, form in _list_forms(secret)
        if len(form) >= min(_NARROW, len(secret.encode())) and any(form in text for text in texts)
    )


FORMS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda text: text.encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "URL": lambda text: urllib.parse.quote(text, safe="").encode(),
    "form": lambda text: urllib.parse.quote_plus(text).encode(),
    "JSON": lambda text: json.dumps(text)[1:-1].encode(),
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1].encode(),
    "HTML": lambda text: html.escape(text).encode(),
    "repr": lambda text: repr(text)[1:-1].encode(),
    "bytes": lambda text: repr(text.encode())[2:-1].encode(),
    "reversed": lambda text: text[::-1].encode(),
}
"""The forms with a name; base64 has three more of each alphabet."""


def _list_forms(secret: str) -> Iterator[tuple[str, bytes]]:
    pieces = {secret, secret[:_LONGEST], *(line for line in re.split(r"[\r\n]+", secret) if len(line) >= _NARROW)}
    for piece in sorted(pieces):
        for name, write in FORMS.items():
            yield name, write(piece)
        for offset in range(3):
            core = _cut_base64(piece.encode(), offset)
            yield f"base64 at {offset}", core
            yield f"base64url at {offset}", core.replace(b"+", b"-").replace(b"/", b"_")


def _cut_base64(data: bytes, offset: int) -> bytes:
    """Return the characters that the data alone decides when it starts at this offset of a triple."""
    encoded = base64.b64encode(bytes(offset) + data)
    return encoded[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]


def _unpack(data: bytes) -> Iterator[bytes]:
    """Yield what was compressed with gzip anywhere in the data."""
    for found in _GZIP.finditer(data):
        try:
            yield zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(data[found.start() :])
        except zlib.error:
            continue


def pack(text: str) -> bytes:
    """Return a text compressed with gzip, with other bytes around it."""
    return b"before" + gzip.compress(b"within " + text.encode() + b" it") + b"after"
