"""Observables found in texts: by their shape, in time that grows with the text's length and no faster.

No pattern here can go back over what it has read: a text is cut at what no observable holds, and each piece is looked
at once. File paths, which may hold spaces, are found by RE2 (https://github.com/google/re2/wiki/WhyRE2).
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from typing import Final

import re2

from soar.expr.addresses import find_addresses, find_urls, is_private_address, parse_address, undo_defanging
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.signature import ANY, COSTLY, Function
from soar.model.observable import Observable, ObservableKind, ObservableType, Scope
from soar.model.values import Value

MOST_OBSERVABLES: Final = 1_000
"""At most so many different ones are returned of one text."""

_MOST_HITS: Final = 5_000  # of one shape, the same ones counted: a text that repeats one for ever costs no more


def _gather(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PIECE: Final = re.compile(r"[^\s<>\"'`{}|,;()\[\]=]+")
_TRAILING: Final = ".:!?*-/\\"
_HASHES: Final = {32: ObservableType.MD5, 40: ObservableType.SHA1, 64: ObservableType.SHA256}
_HEX: Final = re.compile(r"[0-9A-Fa-f]{32,64}")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)
_LONGEST_DOMAIN: Final = 253  # RFC 1035, section 2.3.4
_LONGEST_LOCAL: Final = 64  # RFC 5321, section 4.5.3.1.1
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LOCAL: Final = re.compile(r"[A-Za-z0-9.!#$%&*+/?^_~-]{1,64}")
_HOST: Final = re.compile(r"[a-z]+://(?:[^/?#@\\]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#\\:@\[\]]+)", re.IGNORECASE)
_UNIX_ROOTS: Final = _gather(
    "Applications Library System Users bin boot dev etc home lib lib64 mnt opt private proc root sbin srv sys"
    " tmp usr var"
)
_WINDOWS_PATH: Final = re2.compile(
    r"(?:\b[A-Za-z]:|\\\\[A-Za-z0-9_.$-]{1,64}|\\Device)\\(?:[^\\/:*?\"<>|\r\n\t,;']{1,128}\\)*[^\\/:*?\"<>|\s,;']{1,255}"
)
_NAMED: Final = re2.compile(
    r"\b(user|username|usrname|suser|duser|srcuser|dstuser|account|host|hostname|shost|dhost|computer)="
    r"[\"']?([A-Za-z0-9_.@\\$-]{1,128})"
)
_USER_WORDS: Final = ("user", "usr", "account")

# Countries' endings, but for those that are mostly a file's or a field's: cc, id, la, md, pl, pm, ps, py, rs, sh, so.
_COUNTRIES: Final = _gather(
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz "
    "ca cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm "
    "fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu ie il im in io iq ir is "
    "it je jm jo jp ke kg kh ki km kn kp kr kw ky kz lb lc li lk lr ls lt lu lv ly ma mc me mg mh mk ml mm mn "
    "mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pn pr pt pw "
    "qa re ro ru rw sa sb sc sd se sg si sk sl sm sn sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to "
    "tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
# The endings that are seen in reports. The whole list changes daily, and much of it is what fields are called by.
_ENDINGS: Final = _gather(
    "academy agency app arpa art asia biz blog buzz cam cash casa cat cfd chat cheap click cloud club codes com company"
    " coop corp cyou design dev digital directory download edu energy example exchange expert express"
    " finance fit fun fyi games global gold gov guru help home icu info ink int internal invalid"
    " investments lan life link live loan local localdomain localhost love ltd market marketing men mil"
    " mobi money monster museum net news ninja one onion online org ovh party photos pics plus press"
    " pro pub quest racing red rest rocks sale sbs school science shop site skin social software"
    " solutions space store stream studio team tech technology tel test tips today tools top town toys"
    " trade travel uno vip website wiki win work works world wtf xin xyz yachts zone"
)


def find_observables(text: str) -> list[Observable]:
    """Return what a text names, each once, in no order that means something.

    Defanged forms (`hxxp`, `[.]`, `(dot)`, `[at]`) count as what they stand for. Users and hosts have no shape of
    their own: they are found where the text says which (`user=ann`).
    """
    found: dict[Observable, None] = {}
    for observable in _find(undo_defanging(text)):
        found[observable] = None
        if len(found) == MOST_OBSERVABLES:
            break
    return list(found)


def _find(text: str) -> Iterator[Observable]:
    for url in islice(find_urls(text), _MOST_HITS):
        yield from _read_url(url)
    for address in islice(find_addresses(text), _MOST_HITS):
        yield from _describe_address(address)
    for piece in _PIECE.findall(text):
        yield from _read_piece(piece)
    if "\\" in text:
        for path in islice(_WINDOWS_PATH.finditer(text), _MOST_HITS):
            yield Observable(ObservableType.FILE, path[0].rstrip(".:"))
    if "=" in text:
        for named in islice(_NAMED.finditer(text), _MOST_HITS):
            yield from _read_named(named[1], named[2])


def _describe_address(address: IPv4Address | IPv6Address) -> Iterator[Observable]:
    if not address.is_unspecified:
        kind = ObservableType.IPV4 if isinstance(address, IPv4Address) else ObservableType.IPV6
        yield Observable(kind, str(address), _get_scope(address))


def _get_scope(address: IPv4Address | IPv6Address) -> Scope:
    if is_private_address(address):
        return Scope.PRIVATE
    return Scope.PUBLIC if address.is_global and not address.is_multicast else Scope.RESERVED


def _read_url(url: str) -> Iterator[Observable]:
    found = _HOST.match(url)
    host = found[1].strip("[]").rstrip(".") if found else ""
    address = parse_address(host)
    yield Observable(ObservableType.URL, url, _get_scope(address) if address else None)
    if address is None and _is_host_name(host):
        yield Observable(ObservableType.DOMAIN, host.lower())


def _read_piece(piece: str) -> Iterator[Observable]:
    if "://" in piece:
        return
    path = piece.rstrip(".:!?*")
    plain = piece.strip(_TRAILING)
    if len(plain) in _HASHES and _HEX.fullmatch(plain):
        yield Observable(_HASHES[len(plain)], plain.lower())
    elif _CVE.fullmatch(plain):
        yield Observable(ObservableType.CVE, plain.upper())
    elif "@" in plain:
        yield from _read_mail(plain)
    elif path.startswith("/"):
        if path[1:].partition("/")[0] in _UNIX_ROOTS and path.count("/") > 1:
            yield Observable(ObservableType.FILE, path)
    else:
        host = plain.partition("/")[0].partition(":")[0]
        if is_domain(host):
            yield Observable(ObservableType.DOMAIN, host.lower())


def _read_mail(text: str) -> Iterator[Observable]:
    local, _, host = text.removeprefix("mailto:").removeprefix("smtp:").rpartition("@")
    if len(local) <= _LONGEST_LOCAL and _LOCAL.fullmatch(local) and _is_host_name(host):
        yield Observable(ObservableType.EMAIL, f"{local}@{host}".lower())
        yield Observable(ObservableType.DOMAIN, host.lower())


def _read_named(name: str, value: str) -> Iterator[Observable]:
    is_user = any(word in name for word in _USER_WORDS)
    if is_user:
        yield Observable(ObservableType.USER, value)
    elif parse_address(value) is None:
        yield Observable(ObservableType.HOST, value)


def describe_entity(kind: str, value: str) -> Observable | None:
    """Return one of an alert's entities with its type, or None where it does not look like one of its kind."""
    match kind:
        case ObservableKind.USER:
            return Observable(ObservableType.USER, value)
        case ObservableKind.HOST:
            return Observable(ObservableType.HOST, value)
        case ObservableKind.FILE:
            return Observable(ObservableType.FILE, value)
        case ObservableKind.DOMAIN:
            return Observable(ObservableType.DOMAIN, value.lower()) if _is_host_name(value) else None
        case _:
            return next((seen for seen in _find(value) if seen.type.kind == kind), None)


def is_domain(text: str) -> bool:
    """Return whether a text without more around it is more likely a domain than a file's or a field's name."""
    if not _is_host_name(text):
        return False
    last = text.rpartition(".")[2]
    if not (last.islower() or text.isupper()):
        return False
    ending = last.lower()
    return ending in _COUNTRIES or ending in _ENDINGS or ending.startswith("xn--")


def _is_host_name(text: str) -> bool:
    """Return whether a text is labels with dots between, the last of which is no number."""
    if len(text) > _LONGEST_DOMAIN or "." not in text:
        return False
    labels = text.split(".")
    return not labels[-1].isdigit() and len(labels[-1]) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def _extract(frame: Frame, value: Value) -> Value:
    """Return what a value names, from all texts in it, each once."""
    found: dict[Observable, None] = {}
    waiting: list[Value] = [value]
    while waiting and len(found) < MOST_OBSERVABLES:
        match waiting.pop():
            case str() as text:
                frame.spend(len(text) + COSTLY)
                found.update(dict.fromkeys(find_observables(text)))
            case list() as elements:
                frame.spend(len(elements))
                waiting += reversed(elements)
            case dict() as fields:
                frame.spend(len(fields))
                waiting += reversed(fields.values())
    return [_to_value(observable) for observable in islice(found, MOST_OBSERVABLES)]


def _to_value(observable: Observable) -> Value:
    return {
        "type": observable.type.value,
        "kind": observable.type.kind.value,
        "value": observable.value,
        "scope": observable.scope.value if observable.scope else None,
    }


FUNCTIONS: Final = (Function("extract_observables", (ANY,), StaticType.LIST, _extract, cost=COSTLY),)
