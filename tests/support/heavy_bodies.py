"""Bodies of a mebibyte that are made to cost as much as they can, by what they attack."""

import gzip
from collections.abc import Mapping

from soar.ingest.bodies.rule import LARGEST_BODY, Format, Parcel, Rule

_LINES = 8


def _fill(unit: bytes, before: bytes = b"", after: bytes = b"", size: int = LARGEST_BODY) -> bytes:
    return before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def _lines(before: bytes, unit: bytes, size: int = LARGEST_BODY) -> bytes:
    return (_fill(unit, before, size=size // _LINES - 1) + b"\n") * _LINES


def _mail(unit: bytes, before: bytes = b"", after: bytes = b"\n\nx") -> tuple[Rule, Parcel]:
    return _body(Format.MAIL, _fill(unit, before, after))


def _body(form: Format, body: bytes) -> tuple[Rule, Parcel]:
    return Rule(format=form, field="a" if form is Format.FORM else None), Parcel({}, body[:LARGEST_BODY])


def _packed(unpacked: bytes) -> tuple[Rule, Parcel]:
    return Rule(may_gzip=True), Parcel({"content-encoding": "gzip"}, gzip.compress(unpacked))


_HALF = LARGEST_BODY // 2
_CEF = b"CEF:0|a|b|c|d|e|f|"
_DIVIDED = b"Content-Type: multipart/mixed; boundary=a\n\n"

BOMBS: Mapping[str, tuple[Rule, Parcel]] = {
    "gzip": _packed(b"[" * (50 * LARGEST_BODY)),
    "gzip of lists": _packed(_fill(b"[],", b"[", b"{}]")),
    "lists": _body(Format.ARRAY, _fill(b"[],", b"[", b"{}]")),
    "maps": _body(Format.ARRAY, _fill(b"{},", b"[", b"{}]")),
    "numbers": _body(Format.OBJECT, _fill(b"1.5,", b'{"a":[', b"0]}")),
    "as many numbers as may be": _body(Format.OBJECT, b'{"a":[' + b"1.25," * 49_000 + b"0]}"),
    "as many keys as may be": _body(Format.OBJECT, b"{%b}" % b",".join(b'"k%d":{}' % key for key in range(24_000))),
    "texts": _body(Format.OBJECT, _fill(b'"",', b'{"a":[', b'""]}')),
    "one text": _body(Format.OBJECT, _fill(b",", b'{"a":"', b'"}')),
    "depth": _body(Format.OBJECT, _fill(b"[")),
    "depth of maps": _body(Format.OBJECT, _fill(b'{"a":')),
    "quotes": _body(Format.OBJECT, _fill(b'"x', b"[" * 33)),
    "escapes": _body(Format.OBJECT, _fill(b'\\"', b"[]" * 40 + b'"')),
    "empty lines": _body(Format.NDJSON, b"\n" * LARGEST_BODY),
    "lines of lists": _body(Format.NDJSON, (_fill(b"[],", b'{"a":[', b"0]}", size=_HALF // 4) + b"\n") * 8),
    "form": _body(Format.FORM, _fill(b"%41", b"a=")),
    "form of escapes": _body(Format.FORM, _fill(b"%41", b"a=", size=128 * 1024)),
    "fields": _body(Format.FORM, b"&" * (128 * 1024)),
    "lines": _body(Format.LINES, b"a\n" * _HALF),
    "blank lines": _body(Format.LINES, b" \n" * _HALF),
    "one line": _body(Format.LINES, b"a" * LARGEST_BODY),
    "open parameters": _body(Format.SYSLOG, _lines(b"<1>1 - - - - - ", b'[a b="', _HALF)),
    "parameters": _body(Format.SYSLOG, _lines(b"<1>1 - - - - - [a", b' b="\\\\"', _HALF)),
    "elements": _body(Format.SYSLOG, _lines(b"<1>1 - - - - - ", b"[a]", _HALF)),
    "spaces": _body(Format.SYSLOG, _lines(b"<1>", b" ", _HALF)),
    "escaped bars": _body(Format.CEF, _lines(b"CEF:0|", b"a\\|", _HALF)),
    "keys of CEF": _body(Format.CEF, _lines(_CEF, b"a=\\ ", _HALF)),
    "escapes of CEF": _body(Format.CEF, _lines(_CEF + b"k=", b"\\n", _HALF)),
    "keys of LEEF": _body(Format.LEEF, _lines(b"LEEF:1.0|a|b|c|d|", b"a=\t", _HALF)),
    "headers": _mail(b"a:b\n"),
    "addresses": _mail(b"a@b.c,", b"To: "),
    "headers of addresses": _mail(b"To: " + b"a@b.c," * 300 + b"\n"),
    "comments": _mail(b"To: " + b"(" * 1_900 + b"\n"),
    "encoded words": _mail(b"Subject: " + b"=?utf-8?q?a?= " * 130 + b"\n"),
    "parameters of a type": _mail(b"a*0=b;", b"Content-Type: text/plain; "),
    "nesting": _mail(_DIVIDED + b"--a\n"),
    "parts": _mail(b"--a\n\nx\n", _DIVIDED),
    "as many parts as may be": _body(Format.MAIL, _DIVIDED + b"--a\n\nx\n" * 2_900),
    "base 64": _mail(b"A" * 76 + b"\n", b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"),
    "a costly codec": _mail(b"a-" * 36 + b"\n", b"Content-Type: text/plain; charset=punycode\n\n"),
    "lines of a message": _mail(b"\n", b"A: b\n\n"),
    "references": _body(
        Format.STIX,
        b'{"objects":[%b]}' % b",".join(b'{"type":"x","id":"%d","x_refs":["0","1","2"]}' % n for n in range(6_000)),
    ),
    "binary data": _body(Format.CLOUDEVENTS, b"\xff" * LARGEST_BODY),
}
