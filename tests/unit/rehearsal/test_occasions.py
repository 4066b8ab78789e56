"""Schedules and events in tests: what starts a run, and what happens while it waits."""

import pytest

from tests.unit.rehearsal.conftest import Try

FOLLOW = """\
on:
  - schedule: {cron: 0 7 * * *}
  - event: {type: run.failed, match: event.data.playbook == "triage"}
inputs:
  why: {type: string, from: event.data.reason, default: by schedule}
steps:
  - id: done
    set: {ok: true}
outputs: {why: "${{ inputs.why }}"}
"""
WAIT = """\
on: {manual: {}}
steps:
  - id: other
    wait: {for: {event: run.succeeded, match: event.data.playbook == "scan"}, timeout: 1h, on_timeout: fail}
outputs: {found: "${{ steps.other.output.data.outputs.found }}"}
"""


def write(test: str) -> str:
    return f"tests:\n  - {{name: n, {test}}}\n"


@pytest.mark.parametrize(
    "test",
    [
        "start: {schedule: {}}, expect: {status: succeeded, outputs: {why: by schedule}}",
        (
            "start: {event: {type: run.failed, subject: run_1, data: {playbook: triage, reason: no luck}}},"
            " expect: {status: succeeded, outputs: {why: no luck}}"
        ),
        "start: {event: {type: run.failed, data: {playbook: triage, reason: 3}}}, expect: {status: rejected}",
    ],
)
def test_a_test_begins_as_a_schedule_or_an_event_would_begin_it(tried: Try, test: str) -> None:
    assert tried(FOLLOW, write(test)).problems == ((),)


@pytest.mark.parametrize(
    ("playbook", "test", "problem"),
    [
        (WAIT, "start: {schedule: {}}, expect: {}", "the playbook is not started by a schedule"),
        (WAIT, "start: {event: {type: run.failed}}, expect: {}", "the playbook is not started by this `run.failed`"),
        (
            FOLLOW,
            "start: {event: {type: run.failed, data: {playbook: other}}}, expect: {}",
            "the playbook is not started by this `run.failed`",
        ),
        (
            FOLLOW,
            "start: {schedule: {}}, events: [{type: run.denied}], expect: {}",
            "nothing waits for `run.denied`; the run is succeeded",
        ),
    ],
)
def test_what_does_not_start_the_playbook_or_is_not_waited_for_is_said(
    tried: Try, playbook: str, test: str, problem: str
) -> None:
    ((found,),) = tried(playbook, write(test)).problems
    assert problem in found


BY_ANN = "start: {manual: {by: ann}}"
SCAN = "{type: run.succeeded, data: {playbook: scan, outputs: {found: 3}}}"


@pytest.mark.parametrize(
    "rest",
    [
        f"events: [{SCAN}], expect: {{status: succeeded, outputs: {{found: 3}}}}",
        f"events: [{SCAN.replace('scan', 'other')}, {SCAN}], expect: {{outputs: {{found: 3}}}}",
        f"events: [{SCAN.replace('{type', '{after: 59m, type')}], expect: {{status: succeeded}}",
        f"events: [{SCAN.replace('scan', 'other')}], expect: {{status: failed}}",
        "expect: {status: failed}",
    ],
    ids=["in time", "after another", "late", "another alone", "none"],
)
def test_a_step_waits_for_what_the_test_lets_happen(tried: Try, rest: str) -> None:
    assert tried(WAIT, write(f"{BY_ANN}, {rest}")).problems == ((),)


def test_what_happens_too_late_is_waited_for_no_longer(tried: Try) -> None:
    late = SCAN.replace("{type", "{after: 61m, type")
    ((found,),) = tried(WAIT, write(f"{BY_ANN}, events: [{late}], expect: {{status: failed}}")).problems
    assert "nothing waits for `run.succeeded`; the run is failed" in found
