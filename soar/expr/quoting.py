"""Functions that make a value a harmless part of a text in another language.

Each gives what stands between the quotes; the quotes are the author's: `user = "${{ jql(x) }}"`.
"""

import re
from collections.abc import Mapping
from typing import Final

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.signature import STRING, Function

_CONTROLS: Final = {chr(code): f"\\u{code:04x}" for code in (*range(0x20), 0x7F, 0x2028, 0x2029)}
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SLASHED: Final = {"\\": "\\\\", '"': '\\"', "'": "\\'"}


def _quote_spl(frame: Frame, text: str) -> str:
    """Escape for double quotes; in a search `*` always stands for anything, and nothing takes that from it."""
    frame.spend(len(text) >> 3)
    if "*" in text:
        raise EvaluationError(
            "Splunk would take `*` in this text for anything",
            code="expr.quote",
            hint='take it out: spl(x.replace("*", ""))',
        )
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _escape(name: str, escapes: Mapping[str, str]) -> Function:
    """Return a function that writes some characters in another way."""
    pattern = re.compile("[" + "".join(map(re.escape, escapes)) + "]")

    def find(character: re.Match[str]) -> str:
        return escapes[character[0]]

    def run(frame: Frame, text: str) -> str:
        frame.spend(len(text) >> 3)
        return pattern.sub(find, text)

    return Function(name, (STRING,), StaticType.STRING, run)


FUNCTIONS: Final = (
    # Jira: https://support.atlassian.com/jira-software-cloud/docs/search-for-issues-using-the-text-field/
    _escape("jql", _CONTROLS | _NAMED | _SLASHED),
    # Kusto: https://learn.microsoft.com/en-us/kusto/query/scalar-data-types/string
    _escape("kql", _CONTROLS | _NAMED | _SLASHED),
    # Splunk: https://docs.splunk.com/Documentation/Splunk/latest/Search/Aboutsearchlanguagesyntax
    Function("spl", (STRING,), StaticType.STRING, _quote_spl),
    # A pattern in single quotes, with the clause ESCAPE '\': ISO/IEC 9075-2, like predicate
    _escape("sql_like", {"'": "''", "%": "\\%", "_": "\\_", "\\": "\\\\"}),
    # A value in a search filter: RFC 4515, section 3
    _escape("ldap", {character: f"\\{ord(character):02x}" for character in "*()\\\0"}),
    # A text in single quotes: OData 4.01 URL conventions, section 5.1.1.6.1
    _escape("odata", {"'": "''"}),
)
