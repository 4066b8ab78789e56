"""The page of the expression language."""

from collections.abc import Iterator

from pages.table import row
from soar.expr.examples import NOW
from soar.expr.reference import FUNCTION_ENTRIES, MACRO_ENTRIES
from soar.model.values import print_timestamp


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Expression functions"
    yield ""
    yield "The language is a subset of CEL. It ends always, touches nothing, and knows no names but the playbook's."
    yield f"In the examples `now()` is {print_timestamp(NOW)}, and `alert.title` is there while `alert.owner` is not."
    yield ""
    yield "Of CEL it leaves out unsigned numbers, keys of a map that are no text, infinity, types as values, messages."
    yield "Time zones are offsets such as `+01:00`: a zone's name does not mean the same on every machine."
    yield "Durations are written and printed as `1h30m`."
    yield ""
    yield "A quoting function such as `jql()` gives what stands between the other language's quotes; those are yours."
    yield "It keeps a text from ending its literal; what a search makes of the words inside is not its business."
    for title, entries in (("Macros", MACRO_ENTRIES), ("Functions", FUNCTION_ENTRIES)):
        yield from ("", f"## {title}", "", "| Form | Gives | Example | Its value |", "|---|---|---|---|")
        for entry in entries.values():
            yield row(f"`{entry.form}`", entry.gives, f"`{entry.example}`", f"`{entry.show_value()}`")
