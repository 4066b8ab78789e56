"""Expressions from a seed: most have a value, some are of the wrong kinds, some are damaged text."""

import re
from collections.abc import Mapping, Sequence
from random import Random  # noqa: TID251 - only the type; streams come from seeded_random
from typing import Final

from tests.support.randomness import seeded_random

_HOLE: Final = re.compile(r"<(\w+)>")
_MAX_DEPTH: Final = 4
_MAX_LOOPS: Final = 2
_WRONG_KIND: Final = 0.04
_DAMAGED: Final = 0.06
_RARE: Final = 0.002
_LEAF: Final = 0.3
_VARIABLE: Final = 0.4

_LEAVES: Final[Mapping[str, Sequence[str]]] = {
    "bool": (
        "true", "false", "yes", "no", "user.is_guest", 'user["is_guest"]', "flags[1]", "has(user.name)", "has(user.x)",
    ),
    "int": (
        "0", "1", "2", "-1", "7", "64", "1000", "0x1F", "i", "j", "top", "bottom", "user.age", "ints[0]",
        "9223372036854775807", "-9223372036854775808", "9007199254740993", "user.missing", "ints[9]",
    ),
    "double": (
        "0.0", "1.0", "-1.5", "2.5", "0.1", "1e3", "1e300", "-2.5e-3", "3.0", "x", "y", "huge", "user.score",
        "9007199254740992.0", "-9223372036854775808.0", "123456.789",
    ),
    "string": (
        '""', '"a"', '"ab"', "'b'", '","', '"a,b"', '"ÄÖ"', '"\\n\\t"', '"\\u00e9"', 'r"\\d+"', '"""x"y"""', "s", "t",
        "digits", "blank", "package", "user.name", "words[1]", '"true"', '"1.5"', '"-7"', '"2026-01-31T23:59:59Z"',
        '"90s"', '" x "', '"\\U0001F600"', '"%s"', '"1e5"', '"\\""',
    ),
    "bytes": (
        'b""', 'b"abc"', 'b"\\xff\\x00"', 'b"é"', "raw", "b'\\101'",
    ),
    "list": (
        "[]", "ints", "words", "mixed", "flags", "empty", "user.tags", "[1, 2, 3]", '["a", "b"]', "[1.5, 2.5]",
        "[null]",
    ),
    "map": (
        "{}", "user", '{"a": 1}', "user.boss", '{"a": {"b": [1]}, "c": null}',
    ),
    "timestamp": (
        "moment", 'timestamp("2026-01-31T23:59:59Z")', 'timestamp("2024-02-29T12:00:00.5+02:00")',
        'timestamp("1969-12-31T23:59:59Z")', 'timestamp("0001-01-01T00:00:00Z")', 'timestamp("9999-12-31T23:59:59Z")',
    ),
    "duration": (
        "wait", 'duration("0s")', 'duration("90s")', 'duration("1h30m")', 'duration("-1.5s")', 'duration("1000000h")',
    ),
    "null": (
        "null", "nothing", "user.boss.name",
    ),
    "offset": (
        '"UTC"', '"+02:00"', '"-08:30"',
    ),
    "pattern": (
        '"a+"', '"^[a-z]+$"', 'r"\\d{2}"', '"(a|b)*c"', '"."', '""', '"(?i)HELLO"',
    ),
    "layout": (
        '"%s"', '"%d"', '"%s and %s"', '"%.2f"', '"%e"', '"%x"', '"%b"', '"%o"', '"%%"', '"%X"',
    ),
}  # fmt: skip

_FORMS: Final[Mapping[str, Sequence[str]]] = {
    "bool": (
        "<bool> && <bool>", "<bool> || <bool>", "<bool> && <bool> && <bool>", "!<bool>", "<bool> ? <bool> : <bool>",
        "<int> == <int>", "<int> < <int>", "<int> >= <int>", "<double> < <double>", "<double> <= <double>",
        "<string> == <string>", "<string> != <string>", "<string> < <string>", "<bytes> == <bytes>",
        "<bytes> > <bytes>", "<list> == <list>", "<map> == <map>", "<map> != <map>", "<timestamp> < <timestamp>",
        "<duration> >= <duration>", "<bool> == <bool>", "<bool> < <bool>", "<any> == <any>", "<any> != <any>",
        "<int> == <double>", "<double> > <int>", "<any> in <list>", "<string> in <map>", "<int> in <list>",
        "<string>.contains(<string>)", "<string>.startsWith(<string>)", "<string>.endsWith(<string>)",
        "<string>.matches(<pattern>)", "matches(<string>, <pattern>)", "<list>.all(@, <bool>)",
        "<list>.exists(@, <bool>)", "<list>.exists_one(@, <bool>)", "<map>.all(@, <bool>)", "<map>.exists(@, <bool>)",
        "bool(<string>)", "has(<map>.name)", "<list>.exists(@, <var> == <any>)", "<list>.all(@, <var> != <any>)",
        "<timestamp> == <timestamp>", "<duration> == <duration>", "math.isNaN(<double>)", "math.isInf(<double>)",
        "math.isFinite(<double>)",
    ),
    "int": (
        "<int> + <int>", "<int> - <int>", "<int> * <int>", "<int> / <int>", "<int> % <int>", "-<int>",
        "<bool> ? <int> : <int>", "size(<string>)", "<list>.size()", "size(<map>)", "size(<bytes>)", "int(<double>)",
        "int(<string>)", "int(<timestamp>)", "<timestamp>.getFullYear()", "<timestamp>.getMonth()",
        "<timestamp>.getDate()", "<timestamp>.getDayOfMonth()", "<timestamp>.getDayOfWeek()",
        "<timestamp>.getDayOfYear()", "<timestamp>.getHours()", "<timestamp>.getMinutes()", "<timestamp>.getSeconds()",
        "<timestamp>.getMilliseconds()", "<timestamp>.getHours(<offset>)", "<timestamp>.getDate(<offset>)",
        "<duration>.getHours()", "<duration>.getMinutes()", "<duration>.getSeconds()", "<duration>.getMilliseconds()",
        "<string>.indexOf(<string>)", "<string>.lastIndexOf(<string>)", "<list>[<int>]",
        "<string>.indexOf(<string>, <int>)", "<string>.lastIndexOf(<string>, <int>)", "math.least(<int>, <int>)",
        "math.greatest(<int>, <double>)", "math.abs(<int>)", "math.sign(<int>)", "math.bitAnd(<int>, <int>)",
        "math.bitOr(<int>, <int>)", "math.bitXor(<int>, <int>)", "math.bitNot(<int>)",
        "math.bitShiftLeft(<int>, <int>)", "math.bitShiftRight(<int>, <int>)", "int(<int>)", "ints[<int>]",
    ),
    "double": (
        "<double> + <double>", "<double> - <double>", "<double> * <double>", "<double> / <double>", "-<double>",
        "<bool> ? <double> : <double>", "double(<int>)", "double(<string>)", "<int> + <double>", "<double> * <int>",
        "math.ceil(<double>)", "math.floor(<double>)", "math.round(<double>)", "math.trunc(<double>)",
        "math.abs(<double>)", "math.sign(<double>)", "math.least([<double>, <int>])",
    ),
    "string": (
        "<string> + <string>", "<bool> ? <string> : <string>", "string(<int>)", "string(<double>)", "string(<bool>)",
        "string(<bytes>)", "string(<timestamp>)", "string(<duration>)", "<map>.name", "<list>[<int>]", "words[<int>]",
        "<string>.lowerAscii()", "<string>.upperAscii()", "<string>.trim()", "<string>.replace(<string>, <string>)",
        "<string>.replace(<string>, <string>, <int>)", "<string>.substring(<int>)", "<string>.substring(<int>, <int>)",
        "<string>.charAt(<int>)", "<list>.join()", "words.join(<string>)", "<string>.reverse()",
        "strings.quote(<string>)", "<layout>.format([<any>])", '"%s-%d".format([<any>, <int>])',
        "<string>.split(<string>).join(<string>)",
    ),
    "bytes": (
        "<bytes> + <bytes>", "bytes(<string>)", "<bool> ? <bytes> : <bytes>",
    ),
    "list": (
        "<list> + <list>", "<bool> ? <list> : <list>", "[<any>, <any>]", "[<int>, <double>]", "<list>.map(@, <any>)",
        "<list>.filter(@, <bool>)", "<list>.map(@, <bool>, <any>)", "<map>.map(@, <any>)", "<map>.filter(@, <bool>)",
        "<string>.split(<string>)", "<string>.split(<string>, <int>)", "<list>.map(@, [<var>, <any>])",
        "ints.map(@, <var> * <int>)", "words.filter(@, <var>.startsWith(<string>))",
    ),
    "map": (
        '{"a": <any>, "b": <any>}', "<bool> ? <map> : <map>", "{<string>: <any>}",
        "{<string>: <int>, <string>: <any>}",
    ),
    "timestamp": (
        "<timestamp> + <duration>", "<timestamp> - <duration>", "<duration> + <timestamp>", "timestamp(<string>)",
        "timestamp(<int>)", "<bool> ? <timestamp> : <timestamp>",
    ),
    "duration": (
        "<duration> + <duration>", "<duration> - <duration>", "<timestamp> - <timestamp>", "duration(<string>)",
        "<bool> ? <duration> : <duration>",
    ),
    "null": (
        "<bool> ? <null> : <null>", "dyn(<null>)",
    ),
}  # fmt: skip

_ODD: Final = (
    "1u", ".i", "int", "size()", "math.least([])", "9007199254740993 == 9007199254740992.0", "bottom % -1",
    "ints[1.0]", 'int(" 7 ")', 'moment.getHours("2:00")', '"%d".format([x])', "{} in user", "empty + user",
    'blank.split("")', '"a".matches("(")', "mixed.all(v, v)",
)  # fmt: skip
"""What others take for something else than we do, and is seldom met by chance."""

_OWN_FORMS: Final = (
    "default(<any>, <any>)", "case(<bool>, <any>, <any>)", "not(<bool>)", "<list>.distinct()", "flatten(<list>)",
    "sort(<list>)", "sum(<list>)", "json(<any>)", "from_json(<string>)", "from_json(json(<any>))", "ip(<string>)",
    "is_private(<string>)", "in_cidr(<string>, <string>)", "domain(<string>)", "extract_urls(<string>)",
    "extract_ips(<string>)", "defang(<string>)", "refang(<string>)", "sha256(<string>)", "jql(<string>)",
    "spl(<string>)", "ldap(<string>)", "sql_like(<string>)", "<list>.transformList(@, @, <any>)",
    "<map>.transformMap(@, @, <any>)", "<map>.exists(@, @, <bool>)", "now() - <timestamp>", "isCIDR(<string>)",
    "cidr(<string>)", "(<any>)[<any>]", "<any>.size()", "<any> + <any>", "<any> < <any>", "<any> in <any>",
    "<any>.map(@, <any>)", "<any>.format(<any>)", "<string>.split(<string>, <int>).reverse()",
    "math.least(<any>, <any>)",
)  # fmt: skip
_KINDS: Final = tuple(_FORMS)
_SCRAPS: Final = (
    "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "!", "-", "+", "&&", "||", "==", "<", " in ", '"', "'", "\\",
    "`", "u", "1.", ".5", "0x", "//", "\n", "\x00", "é", "\ud800", "\U0001f600", "e9", "b'", "r'", '"""', "null", "as",
    "true", "1u", "${{", "}}", "|", "=", "\\u", "\\x", "'\\400'", "9" * 20, " ", "has(", ".map(", "size", "if", "_",
)  # fmt: skip


class Grammar:
    """Makes expressions, each from its own seed and number, so that any one can be made again alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def make_shared(self, number: int) -> str:
        """Return an expression of the part of the language that others have too."""
        random = seeded_random(self._seed, f"shared/{number}")
        source = _Sentence(random).fill(random.choice(_KINDS), 0)
        return damage(random, source) if random.random() < _DAMAGED else source

    def make_hostile(self, number: int) -> str:
        """Return text that may be an expression, of any functions and kinds, or none at all."""
        random = seeded_random(self._seed, f"hostile/{number}")
        match random.randrange(4):
            case 0:
                return "".join(
                    chr(random.choice((random.randrange(128), random.randrange(0x11_0000)))) for _ in range(40)
                )
            case 1:
                return random.choice((" ", "")).join(random.choices(_SCRAPS, k=random.randrange(1, 30)))
            case 2:
                return damage(random, _Sentence(random, _OWN_FORMS).fill("any", 0))
            case _:
                return _Sentence(random, _OWN_FORMS).fill("any", 0)


class _Sentence:
    """Fills forms with forms, knowing which loops' variables may stand where."""

    def __init__(self, random: Random, own: Sequence[str] = ()) -> None:
        self._random = random
        self._own = own
        self._variables: list[str] = []

    def fill(self, kind: str, depth: int) -> str:
        """Return an expression of a kind; now and then it is of another."""
        random = self._random
        if kind == "var":
            return self._variables[-1]
        if random.random() < _RARE:
            return random.choice(_ODD)
        if kind in _FORMS and random.random() < _WRONG_KIND:
            kind = "any"
        if kind == "any":
            if self._own and random.random() < 0.5:
                return self._expand(random.choice(self._own), depth)
            kind = random.choice(_KINDS)
        if self._variables and kind in _FORMS and random.random() < _VARIABLE / (1 + depth):
            return random.choice(self._variables)
        if kind not in _FORMS or depth >= _MAX_DEPTH or random.random() < _LEAF + 0.1 * depth:
            return random.choice(_LEAVES[kind])
        forms = _FORMS[kind]
        form = random.choice(forms)
        while "@" in form and len(self._variables) >= _MAX_LOOPS:
            form = random.choice(forms)
        return self._expand(form, depth)

    def _expand(self, form: str, depth: int) -> str:
        """Fill the holes from left to right; `@` binds a variable for those behind it."""
        bound = len(self._variables)
        pieces: list[str] = []
        for piece in re.split(r"(<\w+>|@)", form):
            if piece == "@":
                self._variables.append(f"v{len(self._variables)}")
                pieces.append(self._variables[-1])
            elif hole := _HOLE.fullmatch(piece):
                pieces.append(self._wrap(self.fill(hole[1], depth + 1)))
            else:
                pieces.append(piece)
        del self._variables[bound:]
        return "".join(pieces)

    def _wrap(self, source: str) -> str:
        """Put brackets around, but now and then let precedence decide."""
        is_plain = re.fullmatch(r"[\w.]+|\"[^\"\\]*\"", source) is not None
        return source if is_plain or self._random.random() < _DAMAGED else f"({source})"


def damage(random: Random, source: str) -> str:
    """Return a text with a few places changed."""
    text = source
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((0, 0, 1, 2, 5)))
        text = text[:at] + random.choice((random.choice(_SCRAPS), "", text[end : end + 4])) + text[end:]
    return text
