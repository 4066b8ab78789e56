"""Rehearsals of playbooks that take back what they did."""

from collections.abc import Callable

Try = Callable[..., object]

PLAYBOOK = """\
on: {manual: {}}
rollback: on_failure
inputs: {is_wrong: {type: bool}}
steps:
  - id: contain
    steps:
      - {id: lock, uses: crm.lock, with: {user: ann}, undo: auto}
      - {id: relock, uses: crm.lock, with: {user: bob}, undo: auto}
  - id: look
    uses: crm.find
  - id: back
    if: inputs.is_wrong
    uses: core.undo
    with: {step: contain}
outputs:
  lifted: ${{ default(steps.back.output.lifted, 0) }}
"""
TESTS = """\
mocks:
  crm.lock: {output: {ticket: t1}}
  crm.find: {output: {}}
  lock: {output: {ticket: t2}}
  crm.unlock: {output: {}}
tests:
  - name: a false alarm
    start: {manual: {by: eve, inputs: {is_wrong: true}}}
    expect:
      status: succeeded
      steps: {lock: undone, relock: undone, contain: succeeded}
      undone: [contain, relock]
      outputs: {lifted: 2}
      calls:
        - {action: crm.unlock, times: 1, with: {user: ann, ticket: t2}}
        - {action: crm.unlock, times: 1, with: {user: bob, ticket: t1}}
      audit: [response.held, response.held, response.lift_requested, response.lifted, response.lifted, run.finished]
  - name: it holds
    start: {manual: {by: eve, inputs: {is_wrong: false}}}
    expect: {status: succeeded, never: [crm.unlock], outputs: {lifted: 0}}
  - name: it breaks and is rolled back
    start: {manual: {by: eve, inputs: {is_wrong: false}}}
    mocks: {crm.find: {error: {code: not_found, message: nobody}}}
    expect: {status: failed, undone: [contain], calls: [{action: crm.unlock, times: 2}]}
"""


def test_lifts_are_played_and_a_group_is_undone_with_all_that_is_in_it(tried: Try) -> None:
    assert tried(PLAYBOOK, TESTS).problems == ((), (), ())


def test_a_group_of_which_something_is_kept_is_not_undone(tried: Try) -> None:
    refused = "crm.unlock: [{output: {}}, {error: {code: forbidden, message: no}}]"
    kept = TESTS.replace("crm.unlock: {output: {}}", refused)
    problems = tried(PLAYBOOK, kept).problems[0]
    assert "12: steps.lock: expected undone, found succeeded" in problems
    assert any("undone: the change of `lock` is overdue (lift: no)" in problem for problem in problems)


def test_an_inverse_that_is_not_mocked_fails_the_test_and_is_ready_to_paste(tried: Try) -> None:
    problems = tried(PLAYBOOK, TESTS.replace("  crm.unlock: {output: {}}\n", "")).problems
    called = 'crm.unlock is not mocked; it was called with {"user":"bob","ticket":"t1"}'
    paste = "add under `mocks`:  crm.unlock: {output: {}}"
    assert any(f"{called}\n{paste}" in problem for problem in problems[0])
    assert problems[1] == ()


def test_a_mock_for_a_step_does_not_answer_for_the_inverse(tried: Try) -> None:
    first = PLAYBOOK.replace("  - id: contain\n    steps:\n      - {id: lock", "  - {id: lock").replace(
        "      - {id: relock", "  - {id: contain"
    )
    tests = """\
        mocks: {lock: {output: {ticket: t2}}, contain: {output: {ticket: t1}}, crm.find: {output: {}}}
        tests:
          - name: undone
            start: {manual: {by: eve, inputs: {is_wrong: true}}}
            expect: {status: succeeded}
        """
    (problems,) = tried(first, tests).problems
    assert any("crm.unlock is not mocked" in problem for problem in problems)
