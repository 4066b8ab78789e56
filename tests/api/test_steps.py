"""What a run's document comes to, step by step."""

from dataclasses import replace

from soar.api.steps import list_steps
from soar.engine.state import RunState
from soar.model.playbook import Playbook
from soar.model.run import RunStatus, StepFault, StepRecord, StepStatus
from soar.playbook import parse_playbook
from tests.support.world import build_actions_catalog

TEXT = """
name: Everything
owner: team:soc
on: {manual: {}}
steps:
  - id: each
    foreach: {in: '["a", "b"]', as: letter}
    steps:
      - id: look
        uses: crm.find
        with: {}
        mask: [token]
        on_failure:
          - id: helped
            set: {x: 1}
  - id: ask
    approve:
      by: role:analyst
      on_deny:
        - id: sorry
          stop: {status: denied}
on_failure:
  - id: mourn
    set: {y: 2}
finally:
  - id: tidy
    set: {z: 3}
"""


def parse() -> Playbook:
    playbook, findings = parse_playbook(TEXT, playbook_id="everything", file="everything.yaml")
    assert playbook is not None, findings
    return playbook


def build_state(*records: StepRecord, status: RunStatus = RunStatus.RUNNING) -> RunState:
    return RunState(status=status, records={record.path: record for record in records})


def test_every_step_is_there_in_order_with_its_depth_and_kind() -> None:
    steps = list_steps(parse(), build_state(), build_actions_catalog())
    assert [(step.id, step.kind, step.depth, step.is_handler, step.status) for step in steps] == [
        ("each", "group", 0, False, StepStatus.PENDING),
        ("look", "use", 1, False, StepStatus.PENDING),
        ("helped", "set", 2, True, StepStatus.PENDING),
        ("ask", "gate", 0, False, StepStatus.PENDING),
        ("sorry", "stop", 1, True, StepStatus.PENDING),
        ("mourn", "set", 0, True, StepStatus.PENDING),
        ("tidy", "set", 0, True, StepStatus.PENDING),
    ]


def test_what_a_run_that_is_over_did_not_reach_was_skipped() -> None:
    steps = list_steps(parse(), build_state(status=RunStatus.SUCCEEDED), build_actions_catalog())
    assert {(step.status, step.reason) for step in steps} == {(StepStatus.SKIPPED, "the run did not come to this step")}


def test_a_step_inside_a_loop_shows_each_element_and_the_loudest_status() -> None:
    path = parse().steps[0].path
    fault = StepFault(code="auth", message="the key is wrong", attempts=2)
    inner = [
        StepRecord(path=f"{path}#{index}/steps/0", status=status, fault=fault if index == 10 else None)
        for index, status in ((10, StepStatus.FAILED), (2, StepStatus.SUCCEEDED))
    ]
    look = list_steps(parse(), build_state(*inner), build_actions_catalog())[1]
    assert look.status is StepStatus.FAILED
    assert [(item.index, item.status) for item in look.items] == [(2, StepStatus.SUCCEEDED), (10, StepStatus.FAILED)]
    assert look.items[1].fault is not None
    assert (look.items[1].fault.code, look.items[1].fault.attempts) == ("auth", 2)


def test_what_the_author_hides_is_not_shown() -> None:
    playbook = parse()
    path = f"{playbook.steps[0].path}#0/steps/0"
    output = {"token": "s3cret", "name": "ann", "more": [{"token": "kept"}]}
    record = StepRecord(path=path, status=StepStatus.SUCCEEDED, output=output, has_output=True)
    (item,) = list_steps(playbook, build_state(record), build_actions_catalog())[1].items
    assert item.output == {"token": None, "name": "ann", "more": [{"token": "kept"}]}


def test_a_change_that_was_taken_back_is_marked_so() -> None:
    playbook = parse()
    record = StepRecord(path=playbook.steps[1].path, status=StepStatus.SUCCEEDED)
    state = build_state(record)
    assert list_steps(playbook, state, build_actions_catalog(), {record.path})[3].status is StepStatus.UNDONE
    failed = replace(state, records={record.path: replace(record, status=StepStatus.FAILED)})
    assert list_steps(playbook, failed, build_actions_catalog(), {record.path})[3].status is StepStatus.FAILED
