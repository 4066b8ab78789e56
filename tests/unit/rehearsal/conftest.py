"""A playbook and a test file, written in the test, rehearsed against a small catalog."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from soar.model.catalog import Effect, Repeat
from soar.model.playbook import Playbook
from soar.playbook import Finding, render_text, validate_text
from soar.policy import DEFAULT_POLICY
from soar.rehearsal.coverage import Coverage, measure
from soar.rehearsal.judge import judge
from soar.rehearsal.play import Played, play
from soar.rehearsal.reading import read_suite
from soar.rehearsal.stage import Site
from tests.support.world import build_actions_catalog, build_spec

ANYTHING = {"type": "object", "properties": {name: {} for name in ("user", "host", "text", "ticket", "n")}}
STEP = {"type": "object", "properties": {name: {"type": "string"} for name in ("step", "reason")}}
CATALOG = build_actions_catalog(
    (
        build_spec("crm.find", parameters=ANYTHING),
        build_spec("crm.note", Effect.WRITE, Repeat.KEYED, parameters=ANYTHING),
        build_spec("crm.wipe", Effect.DESTRUCTIVE, parameters=ANYTHING, targets="user"),
        build_spec(
            "crm.lock",
            Effect.WRITE,
            Repeat.UNSAFE,
            parameters=ANYTHING,
            undo="unlock",
            undo_arguments={"user": "with.user", "ticket": "output.ticket"},
            targets="user",
        ),
        build_spec("crm.unlock", Effect.WRITE, Repeat.KEYED, parameters=ANYTHING),
        build_spec("core.undo", Effect.WRITE, parameters=STEP),
    )
)
SITE = Site(catalog=CATALOG, policy=DEFAULT_POLICY, config={"limit": 3, "zone": "lan"})


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test file: for each test what was played, and what was wrong with it as `line: message`."""

    playbook: Playbook
    played: tuple[Played, ...]
    problems: tuple[tuple[str, ...], ...]

    @property
    def coverage(self) -> Coverage:
        return measure(self.playbook, self.played)


Try = Callable[..., Tried]
Read = Callable[..., list[Finding]]


def parse(playbook: str) -> tuple[Playbook, str]:
    text = "name: Tried\nowner: team:soc\n" + textwrap.dedent(playbook)
    parsed, findings = validate_text(
        text, playbook_id="tried", file="tried.yaml", catalog=CATALOG, policy=DEFAULT_POLICY
    )
    assert parsed is not None, "\n".join(map(render_text, findings))
    return parsed, text


@pytest.fixture
def tried() -> Try:
    """Rehearse a playbook (without its name) with a test file (without its `playbook`)."""

    def rehearse(playbook: str, tests: str, site: Site = SITE) -> Tried:
        parsed, text = parse(playbook)
        document = "playbook: tried\n" + textwrap.dedent(tests)
        suite, findings = read_suite(document, file="tried.test.yaml", playbook=parsed, catalog=site.catalog)
        assert suite is not None, "\n".join(map(render_text, findings))
        played = tuple(play(test, suite, parsed, text, site) for test in suite.tests)
        problems = tuple(
            tuple(f"{problem.line}: {problem.message}" for problem in judge(test.expect, one, parsed))
            for test, one in zip(suite.tests, played, strict=True)
        )
        return Tried(parsed, played, problems)

    return rehearse


@pytest.fixture
def read() -> Read:
    """Return what is wrong with a test file (without its `playbook`)."""

    def find(playbook: str, tests: str, *, head: str = "playbook: tried\n") -> list[Finding]:
        parsed, _ = parse(playbook)
        document = head + textwrap.dedent(tests)
        return read_suite(document, file="tried.test.yaml", playbook=parsed, catalog=CATALOG)[1]

    return find
