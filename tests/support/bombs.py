"""Documents of the largest size that is read, each made to cost its reader as much as it can."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from soar.playbook.document import MAX_BYTES, MAX_NODES
from soar.playbook.weight import MAX_WORDS

_SPARE = 20
_WORD = re.compile(r"\w+|[^\w\s]")
_HEAD = "name: A\nowner: team:soc\non: {manual: {}}\n"
_STEPS = f"{_HEAD}steps:\n"
_ASK = "  - uses: chat.dm\n    with: {user: ann, text: hello}\n"


def _measure(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _fill(unit: str, head: str = "", tail: str = "") -> str:
    """Return a head, as many units as fit, and a tail."""
    return head + unit * ((MAX_BYTES - _measure(head + tail)) // _measure(unit)) + tail


def _number(unit: str, head: str = "", tail: str = "", nodes: int = 0) -> str:
    """Return a head, a tail, and between them as many units as fit, in each of which `@` is its number.

    Args:
        nodes: how many values a unit has, if no more are to come together than are read; 0 leaves them uncounted.
    """
    most = MAX_NODES // nodes - _SPARE if nodes else MAX_BYTES
    parts: list[str] = []
    room = MAX_BYTES - _measure(head + tail)
    while len(parts) < most:
        part = unit.replace("@", str(len(parts)))
        room -= _measure(part)
        if room < 0:
            break
        parts.append(part)
    return f"{head}{''.join(parts)}{tail}"


def _share(count: int, unit: str, piece: str, head: str = _STEPS) -> str:
    """Return a document of so many units, in each of which `§` is filled with pieces until the document is full."""
    widest = str(count)
    room = (MAX_BYTES - _measure(head)) // count - _measure(unit.replace("@", widest))
    filled = unit.replace("§", piece * (room // _measure(piece.replace("@", widest))))
    return head + "".join(filled.replace("@", str(number)) for number in range(count))


def _list_characters() -> Iterator[tuple[str, str]]:
    for name, unit in (
        ("open lists", "["),
        ("open maps", "{"),
        ("dashes", "-"),
        ("list items in a row", "- "),
        ("question marks", "?"),
        ("explicit keys in a row", "? "),
        ("colons", ":"),
        ("empty keys in a row", ": "),
        ("commas", ","),
        ("single quotes", "'"),
        ("double quotes", '"'),
        ("anchors without a name", "&"),
        ("tags without a name", "!"),
        ("percent signs", "%"),
        ("block scalars that begin", "|\n"),
        ("closed lists", "]"),
        ("lists and maps in turn", "[{"),
        ("blank lines", "\n"),
        ("carriage returns", "\r"),
        ("blank lines of windows", "\r\n"),
        ("next lines", "\x85"),
        ("line separators", "\u2028"),
        ("byte order marks", "\ufeff"),
        ("NULs", "\0"),
        ("lone surrogates", "\ud800"),
        ("spaces", " "),
        ("tabs", "\t"),
        ("one plain text", "x"),
        ("one text of many words", "x "),
        ("one comment", "#"),
        ("comments", "#\n"),
        ("documents", "---\n"),
        ("ends of documents", "...\n"),
        ("wide characters", "\U0001f512"),
        ("expressions that begin", "${{"),
        ("directives", "%YAML 1.2\n"),
    ):
        yield name, _fill(unit)


def _list_documents() -> Iterator[tuple[str, str]]:
    """Yield what troubles whoever reads YAML."""
    yield "many items", _fill("- a\n")
    yield "one wide list", _fill("a,", "[", "]")
    yield "one wide map", _number("@: 1,", "{", "}")
    yield "many keys", _number("k@: 1\n")
    yield "many empty keys", _number("k@:\n")
    yield "one key again and again", _fill("a: 1\n")
    yield "escapes", _fill(r"\x41", '"', '"')
    yield "escaped line ends", _fill("\\\n", '"', '"')
    yield "a quoted text over many lines", _fill("a\n", '"', '"')
    yield "doubled quotes", _fill("''", "'", "'")
    yield "anchors", _fill("- &a x\n")
    yield "aliases", _fill("- *a\n", "- &a x\n")
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]\n" for level in range(1, 10))
    yield "aliases that multiply", _fill("# \n", f"l0: &l0 [x]\n{levels}")
    yield "tags", _fill("- !a x\n")
    yield "tags that run code", _fill("- !!python/object/apply:os.system [x]\n")
    yield "merge keys", _fill("- {<<: {}}\n")
    yield "keys without a name", _fill("- : a\n")
    yield "maps as keys", _fill("- {{a}}\n")
    yield "huge numbers", _fill("- 99999999999999999999\n")
    yield "one huge number", _fill("9", "a: ")
    yield "one huge exponent", _fill("9", "a: 1e")
    yield "wide below deep", _fill("x,", "[" * 60, "]" * 60)
    yield "open and wide below deep", _fill("[x,", "{a: " * 60)
    yield "wide below deep keys", _fill("x,", "{a: " * 60 + "[", "]" + "}" * 60)
    yield "a block scalar of blanks", _fill(" \n", "a: |\n")
    yield "a block scalar of many lines", _fill("  x\n", "a: |\n")
    yield "a folded scalar of many lines", _fill("  x\n", "a: >\n")
    yield "many block scalars", _number("a@: |\n x\n")
    yield "one huge key", _fill("x,", f"? {'k' * (MAX_BYTES - 40_000)}\n: [", "]\n")
    yield (
        "huge keys below each other",
        _fill("x,", "".join(f"{' ' * level}{'k' * 1000}:\n" for level in range(60)) + " " * 60 + "[", "]"),
    )
    yield "keys of control characters", _number('"\\e@": 1\n')
    yield "keys of slashes", _number("? " + "~/" * 200 + "@\n: 1\n")
    yield "comments that cut", _fill('- a: "${{ x\n', tail='"')
    yield "cut expressions", _fill("- ${{ a #b }}\n")


def _list_playbooks() -> Iterator[tuple[str, str]]:
    """Yield what troubles whoever reads a playbook."""
    yield "many steps", _fill(_ASK, _STEPS)
    yield "many steps with ids", _number("  - {id: s@, set: {a: 1}}\n", _STEPS)
    yield "many steps with the same id", _fill("  - {id: s, set: {a: 1}}\n", _STEPS)
    yield "many empty steps", _fill("  - {}\n", _STEPS)
    yield "steps inside each other", _STEPS + "".join(f"{'  ' * level}  - steps:\n" for level in range(60))
    yield "many unknown keys", _number("k@: 1\n", f"{_HEAD}steps: []\n")
    yield "many long unknown keys", _number(f"{'n' * 50}@: 1\n", f"{_HEAD}steps: []\n")
    yield "many inputs", _number("  i@: {type: string}\n", f"{_HEAD}steps: [{{stop: {{}}}}]\ninputs:\n")
    yield "many inputs of deep types", _number("  i@: {type: 'list<list<list<list<int>>>>'}\n", f"{_HEAD}inputs:\n")
    yield "one endless type", _fill("list<", f"{_HEAD}inputs:\n  a: {{type: '", "'}\n")
    yield "one endless pattern", _fill("(a*)*", f"{_HEAD}inputs:\n  a: {{type: string, pattern: '", "'}\n")
    yield "many patterns", _number("  i@: {type: string, pattern: '(a{1,99}){1,9}'}\n", f"{_HEAD}inputs:\n")
    yield "one endless duration", _fill("1h", f"{_HEAD}timeout: ", "\n")
    yield "one endless principal", _fill("role:a", f"{_STEPS}  - approve: ", "\n")
    yield "one endless channel", _fill("chat:#", f"{_HEAD}notify: {{channel: '", "'}\n")
    yield "one endless owner", _fill("user:@", "name: a\nowner: '", "'\n")
    yield "one endless action", _fill("a.", f"{_STEPS}  - uses: ", "\n")
    yield "one endless step id", _fill("A-", f"{_STEPS}  - id: ", "\n    stop: {}\n")
    yield "many principals", _fill("role:a,", f"{_STEPS}  - approve: {{by: [", "]}\n")
    yield "many reminders", _fill("1m,", f"{_STEPS}  - approve: {{by: role:a, remind: [", "]}\n")
    yield (
        "many escalations",
        _fill("{after: 1m, to: role:a},", f"{_STEPS}  - approve: {{by: role:a, escalate: [", "]}\n"),
    )
    yield "many sources", _number("s@,", "name: a\nowner: team:a\non: {alert: {source: [", "]}}\nsteps: []\n")
    yield "many triggers", _fill("  - {alert: {match: alert.kind == 'a'}}\n", "name: a\non:\n")
    yield "many connections", _number("c@: a,", f"{_HEAD}defaults: {{connection: {{", "}}\n")
    yield "many parameters", _number("p@: 1,", f"{_STEPS}  - uses: chat.dm\n    with: {{", "}\n")
    yield (
        "one parameter of many values",
        _fill("a,", f"{_STEPS}  - uses: exchange.purge_messages\n    with: {{messages: [", "]}\n"),
    )
    yield "one needs of many", _number("n@,", f"{_STEPS}  - needs: [", "]\n    stop: {}\n")
    yield (
        "needs of all before",
        _STEPS
        + "".join(
            f"  - {{id: s{step}, needs: [{', '.join(f's{other}' for other in range(step))}], set: {{a: 1}}}}\n"
            for step in range(200)
        ),
    )
    yield "needs of what is nowhere", _share(200, "  - {id: s@, needs: [§], set: {a: 1}}\n", "abcdefghij,")


def _list_expressions() -> Iterator[tuple[str, str]]:
    """Yield what troubles whoever compiles expressions and looks at what they read."""
    text = f"{_STEPS}  - stop: {{reason: '"
    condition = f"{_STEPS}  - stop: {{}}\n    if: "
    yield "one endless condition", _fill("a || ", condition, "a\n")
    yield "one endless sum", _fill("1+", condition, "1\n")
    yield "one condition of brackets", _fill("(", condition, "\n")
    yield "one condition of lists", _fill("[", f"{condition}'", "'\n")
    yield "one condition of negations", _fill("-", f"{condition}'", "1'\n")
    yield "one condition of fields", _fill(".a", f"{condition}alert", "\n")
    yield "one condition of comparisons", _fill("a<", condition, "a\n")
    yield "one condition of choices", _fill("a?b:", condition, "c\n")
    yield "one condition of macros", _fill("[1].all(x,", f"{condition}'", "'\n")
    yield "one condition of one text", _fill("a", f'{condition}"', '"\n')
    yield "one condition of quotes", _fill('\\"', f'{condition}x == "', '"\n')
    yield "one condition of one number", _fill("9", condition, "\n")
    yield "one text of expressions", _fill("${{ a }}", text, "'}\n")
    yield "one text of sound expressions", _fill("${{run.id}}", text, "'}\n")
    yield "one text of open expressions", _fill("${{ ", text, "'}\n")
    yield "one text of empty expressions", _fill("${{}}", text, "'}\n")
    yield "one text of written delimiters", _fill("$${{", text, "'}\n")
    yield "one text of closings", _fill("}}", f"{text}${{{{ ", "'}\n")
    yield "one text of quotes in expressions", _fill('"', f"{text}${{{{ ", "'}\n")
    yield "one text of secrets", _fill("${{secrets.a}}", text, "'}\n")
    yield "one folded text of expressions", _fill("        ${{ run.id }}\n", f"{_STEPS}  - stop:\n      reason: >\n")
    yield "one folded text of faults", _fill("        ${{ b.id }}\n", f"{_STEPS}  - stop:\n      reason: >\n")
    yield "one quoted text of faults", _fill("${{ b.id }}\\n", f'{_STEPS}  - stop: {{reason: "', '"}\n')
    yield "one key of expressions", _fill("${{ a }}", f"{_STEPS}  - set: {{? '", "' : 1}\n")
    yield "many keys of expressions", _number("'${{ a@ }}': 1,", f"{_STEPS}  - set: {{a: {{", "}}\n")
    yield "many values of expressions", _fill("'${{ run.id }}',", f"{_STEPS}  - set: {{a: [", "]}\n")
    yield "many values of distinct expressions", _number("'${{ @ }}',", f"{_STEPS}  - set: {{a: [", "]}\n")
    yield "many values of distinct names", _number("'${{ run.id+@ }}',", f"{_STEPS}  - set: {{a: [", "]}\n")
    yield "many values of broken expressions", _fill("'${{ 1 + }}',", f"{_STEPS}  - set: {{a: [", "]}\n")
    yield "many variables of expressions", _number("v@: '${{ inputs }}',", f"{_HEAD}steps: []\nvars: {{", "}\n")
    yield (
        "steps under long conditions",
        _share(200, "  - {id: s@, if: '§true', set: {a: 1}}\n", "run.id == 'a' || ".replace("'", '"')),
    )
    yield "steps of many expressions", _share(200, "  - {id: s@, set: {a: [§]}}\n", "'${{run.id}}',")
    yield "steps of many distinct expressions", _share(200, "  - {id: s@, set: {a: [§]}}\n", "'${{run.id+@}}',")
    yield "steps of one text of many expressions", _share(200, "  - {id: s@, set: {a: '§'}}\n", "${{run.id+@}}")
    yield "steps of one text of many names", _share(200, "  - {id: s@, set: {a: '§'}}\n", "${{steps.s0.output.a}}")
    yield "steps of wide expressions", _share(200, "  - {id: s@, set: {a: '${{ [§1] }}'}}\n", "1,")
    yield "steps of wide distinct expressions", _share(200, "  - {id: s@, set: {a: '${{ [§@] }}'}}\n", "@1,")
    yield "steps of mistyped names", _share(200, "  - {id: s@, set: {a: '§'}}\n", "${{ruun.id}}")
    yield (
        "groups with expressions about steps before",
        _STEPS
        + "".join(
            f"  - {{id: g{group}, if: 'true', steps: [{', '.join('{set: {a: 1}}' for _ in range(8))}]}}\n"
            for group in range(20)
        )
        + f"  - set: {{a: '{'${{ steps.g0.output }}' * 10_000}'}}\n",
    )


def _list_just_readable() -> Iterator[tuple[str, str]]:
    """Yield what stays below the limits of the document, so that every stage has to bear it."""
    many = f"{_STEPS}  - set: {{a: ["
    yield "all values", _number("- a\n", nodes=1)
    yield "all values in maps", _number("k@: 1\n", nodes=2)
    yield "all values below deep", _number("x,", "[" * 62, "]" * 62, nodes=1)
    yield "all values below deep keys", _number("x,", "{abcdefghijklmno: " * 61 + "[", "]" + "}" * 61, nodes=1)
    yield "all values in a step", _number("x,", f"{many}{'[' * 30}", f"{']' * 30}]}}\n", nodes=1)
    yield (
        "all values as arguments",
        _number("x,", f"{_STEPS}  - uses: exchange.purge_messages\n    with: {{messages: [", "]}\n", nodes=1),
    )
    yield (
        "all values as unknown arguments",
        _number("p@: 1,", f"{_STEPS}  - uses: chat.dm\n    with: {{", "}\n", nodes=2),
    )
    yield "all values as inputs", _number("  i@: {type: any}\n", f"{_HEAD}inputs:\n", nodes=4)
    yield "all values as patterns", _number("  i@: {pattern: '(a{1,99}){1,9}'}\n", f"{_HEAD}inputs:\n", nodes=4)
    yield (
        "all values as long patterns",
        _number(f"  i@: {{pattern: '{'(a|b@){9}' * 8}'}}\n", f"{_HEAD}inputs:\n", nodes=4),
    )
    yield "all values as broken patterns", _number("  i@: {pattern: '(a'}\n", f"{_HEAD}inputs:\n", nodes=4)
    yield "all values as durations", _number("1h@m,", f"{_STEPS}  - approve: {{by: role:a, remind: [", "]}\n", nodes=1)
    yield (
        "all values as escalations",
        _number("{after: 1m, to: role:a},", f"{_STEPS}  - approve: {{by: role:a, escalate: [", "]}\n", nodes=5),
    )
    yield "all values as principals", _number("role:a@,", f"{_STEPS}  - approve: {{by: [", "]}\n", nodes=1)
    yield (
        "all values as triggers",
        _number("  - {alert: {match: a.b == @}}\n", "steps: [{stop: {}}]\non:\n", nodes=5),
    )
    yield "all values as sources", _number("s@,", "steps: []\non: {alert: {source: [", "]}}\n", nodes=1)
    yield "all values as connections", _number("c@: a,", f"{_HEAD}defaults: {{connection: {{", "}}\n", nodes=2)
    yield "all values as needs", _number("n@,", f"{_STEPS}  - needs: [", "]\n    stop: {}\n", nodes=1)
    yield "all values as variables", _number("v@: 1,", f"{_HEAD}steps: []\nvars: {{", "}\n", nodes=2)
    yield "all values as cut conditions", _number('  - {alert: {match: "\'" }} # @\n', "steps: []\non:\n", nodes=5)
    yield (
        "steps with all needs",
        _STEPS
        + "".join(
            f"  - {{id: s{step}, needs: [{', '.join(f's{other}' for other in range(max(step - 40, 0), step))}],"
            " set: {a: 1}}\n"
            for step in range(200)
        ),
    )


def _list_just_compilable() -> Iterator[tuple[str, str]]:
    """Yield what has as many expressions as are compiled, and as many faults as are told."""
    text = f"{_STEPS}  - stop: {{reason: '"
    many = f"{_STEPS}  - set: {{a: ["
    letters = "n" * 52
    for name, unit in _EXPENSIVE:
        count = MAX_WORDS // (len(_WORD.findall(f"${{{{{unit}")) + 600 * ("matches" in unit)) - 1
        yield (
            f"{name}, as many as are compiled",
            many
            + "".join(
                f"'${{{{{unit.replace('@', str(number))}}}}}',"
                for number in range(min(count, MAX_BYTES // (len(unit) + 14)))
            )
            + "]}\n",
        )
    yield "conditions that are cut", _share(200, "  - if: §'a #\n    set: {a: 1}\n", "1+")
    yield "quotes that are cut", _share(200, "  - if: a + §'a #\n    set: {a: 1}\n", "'")
    yield (
        "a long condition around many names",
        (
            f"{_STEPS}  - if: '{' || '.join(['run.id'] * 250)}'\n    set: {{a: ["
            + "'${{run.id}}'," * ((MAX_WORDS - 1000) // 9)
            + "]}\n"
        ),
    )
    yield "patterns that repeat classes", _fill("""'${{"".matches("[\\\\pL]{999}")}}',""", many, "]}\n")
    yield (
        "inputs with patterns that repeat classes",
        _number("  i@: {type: string, pattern: '[\\pL\\pN@]{1000}'}\n", f"{_HEAD}inputs:\n", nodes=6),
    )
    yield (
        "mistyped names among many alike",
        (
            f"{_HEAD}inputs:\n"
            + "".join(f"  {letters}{number}: {{type: any}}\n" for number in range(200))
            + "steps:\n  - set: {a: ["
            + "".join(f"'${{{{inputs.{letters}x{number}}}}}'," for number in range(190))
            + "]}\n"
        ),
    )
    yield (
        "mistyped parameters",
        _STEPS + "".join(f"  - {{uses: chat.dm, with: {{txet{number}: a, usre: b}}}}\n" for number in range(190)),
    )
    yield "mistyped keys", _HEAD + "".join(f"descriptoin{number}: 1\n" for number in range(190)) + "steps: []\n"
    yield "faults at the end of one long text", text + "x " * 120_000 + "${{ x }}" * 190 + "'}\n"
    yield (
        "faults in one long line of escapes",
        f'{_STEPS}  - stop: {{reason: "' + "\\x41" * 40_000 + "${{ x }}" * 190 + '"}\n',
    )


_EXPENSIVE = (
    ("smallest expressions", "@"),
    ("names", "run.id+@"),
    ("sums", "1+" * 120 + "@"),
    ("lists", f"[{'1,' * 200}@]"),
    ("maps", f"{{{'1:1,' * 60}@:1}}"),
    ("calls", "size(" * 20 + "[@]" + ")" * 20),
    ("macros", "[1].all(x,[1].all(y,x==y))&&" * 8 + "true"),
    ("choices", "true?1:" * 20 + "@"),
    ("texts", "'a'+".replace("'", '"') * 40 + "string(@)"),
    ("fields", "run" + ".id" * 28 + "+@"),
    ("steps", "steps.s0.output.a+" * 16 + "@"),
    ("negations", "!" * 28 + "true"),
    ("unknown functions", "nothing(@)"),
    ("patterns", '"@".matches("[\\\\pL\\\\pN@]{1000}")'),
    ("moments", 'timestamp("2026-11-21T09:00:00Z")<now()&&' * 4 + "true"),
)
"""Expressions that are dear for how few words and signs they have."""


READABLE: Mapping[str, str] = MappingProxyType(
    dict((*_list_documents(), *_list_just_readable(), *_list_just_compilable()))
)
"""Documents of which a tree is built, by what they are."""

BOMBS: Mapping[str, str] = MappingProxyType(
    dict((*_list_characters(), *_list_playbooks(), *_list_expressions(), *READABLE.items()))
)
"""All documents by what they are."""
