"""One word a thing: the words that the glossary refuses appear nowhere, but where they are somebody else's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.support.repository import ROOT, list_files, relative

REFUSED = frozenset({"workflow", "task", "job", "integration", "app", "execution"})
CHECKED = (".py", ".yaml", ".yml", ".ts", ".tsx", ".css", ".html", ".md", ".toml", ".sh", "")

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A place where a refused word is somebody else's.

    Attributes:
        files: glob over paths in the repository.
        pattern: what may stand there; the word must lie within a match.
        reason: whose word it is.
        beside: what the file must also hold.
    """

    files: str
    pattern: str
    reason: str
    beside: str = ""


ALLOWED = (
    Allowance("*.py", r"\b\w*[Tt]asks?\w*\b", "asyncio's word, in modules that use asyncio", r"^import asyncio$"),
    Allowance("*", r"\bsoar[./]app\b", "the package that puts the service together"),
    Allowance("tests/mutation/__main__.py", r"\btests/unit/app\b", "the tests of that package"),
    Allowance("pyproject.toml", r'"\(?app\)?"', "its layer in the import contracts"),
    Allowance("pyproject.toml", r"-in-app\b", "the contracts named after that package"),
    Allowance("soar/store/*.py", r"\bexecution_options\b", "SQLAlchemy's name for how a statement is run"),
    Allowance("soar/api/server.py", r"\bweb\.AppRunner\b", "what aiohttp calls whatever serves an application"),
    Allowance("hatch_build.py", r"\bself\.app\b", "what hatchling calls its terminal"),
    Allowance("*mattermost*.py", r'"integration"', "what Mattermost calls where a button's press is sent"),
    Allowance(
        "*slack*",
        r"\b(?:api_)?app_id\b|\bapi\.slack\.com/apps\b|\bapp-level token\b|\bapps\.connections\.open\b",
        "what Slack calls what was made there",
    ),
    Allowance("*", r"\bapp_token\b|\bslack_app(?:_token)?\b", "what Slack calls the token for its WebSocket"),
    Allowance("*", r"\bjob(?:_t|T)itle\b", "what Microsoft Graph calls a person's position"),
    Allowance(
        "config/sources/*.yaml",
        r"""\braw\.[\w.]+|https://\S+|\bAppOmni\b|"app_\w+\"""",
        "what products call themselves, their fields and their pages",
    ),
    Allowance("tests/fixtures/alerts/README.md", r"^\| .*$", "names of others' files"),
    Allowance("soar/expr/observables.py", r"\bagency app arpa\b", "a top-level domain"),
    Allowance("docs/design/glossary.md", r"^\| (?:workflow|task|job|integration|app|execution) \|", "the list itself"),
    Allowance("tests/unit/project/test_glossary.py", r".*", "the list itself"),
)


def find_refused_words(name: str, text: str) -> Iterator[str]:
    """Find refused words, singular or plural, also as parts of identifiers."""
    allowed = [
        match.span()
        for allowance in ALLOWED
        if _applies(allowance, name, text)
        for match in re.finditer(allowance.pattern, text, re.MULTILINE)
    ]
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if (word in REFUSED or word.removesuffix("s") in REFUSED) and not any(
            start <= match.start() and match.end() <= end for start, end in allowed
        ):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {match[0]}"


def _applies(allowance: Allowance, name: str, text: str) -> bool:
    return fnmatchcase(name, allowance.files) and (
        not allowance.beside or re.search(allowance.beside, text, re.MULTILINE) is not None
    )


def _read_checked_files() -> dict[str, str]:
    return {relative(path): path.read_text("utf-8") for path in list_files(*CHECKED) if _is_ours(path)}


def _is_ours(path: Path) -> bool:
    return path.name not in {"LICENSE", "package-lock.json"} and path.suffix != ".lock"


def test_nothing_is_called_by_two_names() -> None:
    found = [place for name, text in _read_checked_files().items() for place in find_refused_words(name, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("allowance", ALLOWED, ids=lambda allowance: f"{allowance.files} {allowance.pattern}")
def test_an_allowance_that_nothing_needs_is_taken_out(allowance: Allowance) -> None:
    assert allowance.reason
    needed = any(
        any(_holds_refused_word(match[0]) for match in re.finditer(allowance.pattern, text, re.MULTILINE))
        for name, text in _read_checked_files().items()
        if _applies(allowance, name, text)
    )
    assert needed


def _holds_refused_word(text: str) -> bool:
    return any(word.lower().removesuffix("s") in REFUSED for word in _WORD.findall(text))


@pytest.mark.parametrize(
    "text",
    ["a workflow", "Workflows", "job_id", "runJob", "JOBS", "HTTPTask", "integration-test", "web/app.ts", "executions"],
)
def test_a_refused_word_is_found_in_every_spelling(text: str) -> None:
    assert len(list(find_refused_words("soar/example.py", text))) == 1


@pytest.mark.parametrize("text", ["apply", "application/json", "happened", "multitasking", "executor", "integrate"])
def test_a_longer_word_is_another_word(text: str) -> None:
    assert list(find_refused_words("soar/example.py", text)) == []


def test_the_word_of_asyncio_is_allowed_only_beside_asyncio() -> None:
    line = "self._tasks.add(asyncio.create_task(work()))"
    assert list(find_refused_words("soar/example.py", f"import asyncio\n{line}")) == []
    assert list(find_refused_words("soar/example.py", line)) == [
        "soar/example.py:1: tasks",
        "soar/example.py:1: task",
    ]


def test_the_glossary_lists_every_refused_word() -> None:
    table = (ROOT / "docs" / "design" / "glossary.md").read_text("utf-8")
    assert set(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) >= REFUSED
