"""Playbook tests in pytest's own run: `pytest -p soar.cli.pytest_plugin playbooks`.

Nothing registers it, so that pytest is no slower where `soar` merely is installed. Only whoever names it needs pytest.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soar.app.clock import SystemClock
from soar.cli.rehearsal import lend_site
from soar.cli.site import find_settings
from soar.playbook import render_text
from soar.rehearsal.rehearse import SUFFIX, Prepared, prepare, try_out
from soar.rehearsal.stage import Site
from soar.rehearsal.suite import Test

_CONFIG = "soar_config"
_SITE = pytest.StashKey[Site]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project name the site's settings; without it the usual file is taken, if it is there."""
    parser.addini(_CONFIG, "the settings of the site that playbooks are rehearsed for", type="string", default="")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "RehearsalFile | None":
    """Take `<id>.test.yaml` and leave everything else."""
    return RehearsalFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIX) else None


class RehearsalFile(pytest.File):
    """A test file."""

    def collect(self) -> Iterator["RehearsalItem"]:
        """Yield its tests.

        Raises:
            CollectError: the file or its playbook is bad; every finding is told.
        """
        site = _find_site(self.config)
        prepared, findings = prepare(self.path, site)
        if prepared is None:
            raise self.CollectError("\n".join(render_text(finding) for finding in findings))
        for test in prepared.suite.tests:
            yield RehearsalItem.from_parent(self, name=test.name, test=test, prepared=prepared, site=site)


class RehearsalItem(pytest.Item):
    """One test of a test file."""

    def __init__(self, *, test: Test, prepared: Prepared, site: Site, **given: Any) -> None:  # noqa: ANN401 -- pytest's own
        super().__init__(**given)
        self._test = test
        self._prepared = prepared
        self._site = site

    def runtest(self) -> None:
        """Play the test.

        Raises:
            RehearsalError: it failed; the message says where and why.
        """
        verdict = try_out(self._test, self._prepared, self._site, SystemClock().monotonic)
        if not verdict.is_passed:
            raise RehearsalError("\n".join(f"{self.path}:{one.line}: {one.message}" for one in verdict.problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 -- pytest's own
        """Say what was not as expected, without a trace through our code."""
        if isinstance(excinfo.value, RehearsalError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Return where the test stands; pytest counts lines from 0."""
        return self.path, self._test.line - 1, self.name


class RehearsalError(AssertionError):
    """A rehearsal that did not end as expected."""


def _find_site(config: pytest.Config) -> Site:
    """Return the project's site, read once."""
    if _SITE not in config.stash:
        named = str(config.getini(_CONFIG))
        config.stash[_SITE] = lend_site(find_settings(config.rootpath / named if named else None))
    return config.stash[_SITE]
