"""A test file read and checked against the playbook that it rehearses."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.model.catalog import Catalog
from soar.model.errors import ActionCode
from soar.model.playbook import Playbook
from soar.playbook import Finding, has_errors, read_document
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    list_of,
    one_of,
    open_map,
    read_map,
    read_text,
)
from soar.playbook.finding import sort_findings
from soar.playbook.node import Mapping as MappingNode
from soar.playbook.node import Scalar, Sequence
from soar.playbook.report import Report, quote
from soar.rehearsal.acts import read_answers, read_votes
from soar.rehearsal.alerts import merge_patch, read_alert, read_timestamp
from soar.rehearsal.expectations import read_expectation
from soar.rehearsal.known import Known
from soar.rehearsal.occasions import read_event, read_start
from soar.rehearsal.suite import (
    DEFAULT_CLOCK,
    AlertStart,
    Expectation,
    ManualStart,
    Mock,
    Mocked,
    Mocks,
    Script,
    Start,
    Suite,
    Test,
)

_SUITE_KEYS = ("playbook", "clock", "alerts", "mocks", "tests")
_TEST_KEYS = ("name", "alert", "alert_patch", "start", "mocks", "approvals", "asks", "events", "config", "expect")
_LAST_YEAR = 2999


def read_suite(text: str, *, file: str, playbook: Playbook, catalog: Catalog) -> tuple[Suite | None, list[Finding]]:
    """Read and check a test file.

    Args:
        text: the YAML document.
        file: what the findings call it.
        playbook: that it rehearses, which stands beside it.
        catalog: the installed connectors.

    Returns:
        The suite, or None if one of the findings is an error; and all findings in the order of the document.
    """
    root, findings = read_document(text, file)
    if root is None or has_errors(findings):
        return None, findings
    report = Report(text, file)
    field = Field(report, (), root, root.line, root.column)
    suite = _SuiteReader(playbook, catalog).read(field)
    found = sort_findings((*findings, *report.findings))
    return (None if has_errors(found) else suite), found


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all tests of a file have in common: when they begin, the alerts by name, and the mocks."""

    clock: datetime
    alerts: Mapping[str, Field]
    mocks: Mocks


class _SuiteReader:
    """Reads one test file.

    Args:
        playbook: that it rehearses.
        catalog: the installed connectors.
    """

    def __init__(self, playbook: Playbook, catalog: Catalog) -> None:
        self._playbook = playbook
        self._known = Known(playbook, catalog)

    def read(self, field: Field) -> Suite | None:
        keys = open_map(field, _SUITE_KEYS)
        if keys is None:
            return None
        self._check_playbook(keys)
        clock = keys.read("clock", _read_clock, DEFAULT_CLOCK)
        alerts: dict[str, Field] = keys.read("alerts", _read_entries, {})
        for alert in alerts.values():
            read_alert(alert, clock)
        shared = _Shared(clock, alerts, keys.read("mocks", self._read_mocks, {}))
        if "tests" not in keys:
            field.fault("P102", "the key `tests` is missing")
        listed = keys.get("tests")
        tests = [self._read_test(item, shared) for item in _list_items(listed)]
        return Suite(playbook=self._playbook.id, clock=clock, tests=tuple(test for test in tests if test is not None))

    def _check_playbook(self, keys: Fields) -> None:
        named = keys.need("playbook", read_text, self._playbook.id)
        field = keys.get("playbook")
        if field is not None and named != self._playbook.id:
            message = f"the file is called after {quote(self._playbook.id)} and names {quote(named)}"
            field.fault("P005", message, f"write `{self._playbook.id}`, or rename the file")

    def _read_test(self, field: Field, shared: _Shared) -> Test | None:
        keys = open_map(field, _TEST_KEYS, "a test")
        if keys is None:
            return None
        return Test(
            name=keys.need("name", read_text, ""),
            line=field.line,
            start=self._read_start(keys, shared) or ManualStart(by=""),
            expect=keys.need("expect", lambda inner: read_expectation(inner, self._known), Expectation()),
            mocks={**shared.mocks, **keys.read("mocks", self._read_mocks, {})},
            approvals=keys.read("approvals", self._read_votes, {}),
            asks=keys.read("asks", self._read_answers, {}),
            config=keys.read("config", read_map, {}),
            events=keys.read("events", list_of(read_event), ()),
        )

    def _read_start(self, keys: Fields, shared: _Shared) -> Start | None:
        alert, start, patch = keys.get("alert"), keys.get("start"), keys.get("alert_patch")
        if (alert is None) == (start is None):
            keys.field.fault("P102", "a test begins with `alert`, or with `start`, and not with both")
            return None
        if alert is not None:
            return _read_alert_start(alert, patch, shared)
        if patch is not None:
            patch.fault("P106", "`alert_patch` goes with `alert`", "remove it")
        return None if start is None else read_start(start)

    def _read_mocks(self, field: Field) -> dict[str, Mocked] | None:
        entries = _read_entries(field)
        for name, entry in (entries or {}).items():
            self._known.check_mocked(entry, name)
        return None if entries is None else {name: _read_mocked(entry) for name, entry in entries.items()}

    def _read_votes(self, field: Field) -> dict[str, Script] | None:
        entries = _read_entries(field)
        for name, entry in (entries or {}).items():
            self._known.check_step(entry, name)
        return None if entries is None else {name: read_votes(entry) for name, entry in entries.items()}

    def _read_answers(self, field: Field) -> dict[str, Script] | None:
        entries = _read_entries(field)
        for name, entry in (entries or {}).items():
            self._known.check_question(entry, name)
        return None if entries is None else {name: read_answers(entry) for name, entry in entries.items()}


def _read_clock(field: Field) -> datetime | None:
    """Read when tests begin; what they wait for has to have a date, too."""
    moment = read_timestamp(field)
    if moment is not None and moment.year > _LAST_YEAR:
        field.fault("P104", f"a rehearsal begins in the year {_LAST_YEAR} at the latest")
        return None
    return moment


def _list_items(field: Field | None) -> tuple[Field, ...]:
    if field is None:
        return ()
    if isinstance(field.node, Sequence) and field.node.items:
        return field.items()
    field.fault("P100", f"a list of tests belongs here, not {describe(field.node)}")
    return ()


def _read_entries(field: Field) -> dict[str, Field] | None:
    if isinstance(field.node, MappingNode):
        return field.entries()
    field.fault("P100", f"a map of keys belongs here, not {describe(field.node)}")
    return None


def _read_alert_start(field: Field, patch: Field | None, shared: _Shared) -> AlertStart | None:
    """Read an alert that is named or written out, with what the test changes in it."""
    whole = field
    if isinstance(field.node, Scalar):
        name = read_text(field)
        found = shared.alerts.get(name or "")
        if found is None:
            if name is not None:
                hint = field.report.suggest(name, shared.alerts) or "add it to `alerts`"
                field.fault("P201", f"there is no alert {quote(name)}", hint)
            return None
        whole = found
    if patch is not None:
        if open_map(patch, tuple(patch.entries())) is None:
            return None
        whole = dataclasses.replace(whole, node=merge_patch(whole.node, patch.node))
    alert = read_alert(whole, shared.clock)
    return None if alert is None else AlertStart(alert)


def _read_mocked(field: Field) -> Mocked:
    is_list = isinstance(field.node, Sequence)
    answers = [_read_mock(item) for item in field.items()]
    return Mocked(tuple(answer for answer in answers if answer is not None), is_endless=not is_list)


def _read_mock(field: Field) -> Mock | None:
    keys = open_map(field, ("output", "error"))
    if keys is None:
        return None
    if "output" in keys and "error" in keys:
        field.fault("P106", "a mock has an `output` or an `error`, and not both")
        return None
    if "error" in keys:
        return keys.find("error", _read_error)
    return Mock(output=keys.template("output"))


def _read_error(field: Field) -> Mock | None:
    keys = open_map(field, ("code", "message"))
    if keys is None:
        return None
    code = keys.need("code", one_of(ActionCode), ActionCode.INTERNAL)
    return Mock(code=code, message=keys.read("message", read_text, "so it is mocked"))
