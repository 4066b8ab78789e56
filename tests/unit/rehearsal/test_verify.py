"""Rehearsals of steps that look for what they did."""

from collections.abc import Callable

Try = Callable[..., object]

PLAYBOOK = """\
on: {manual: {}}
steps:
  - id: lock
    uses: crm.lock
    with: {user: ann}
    undo: auto
    verify: {uses: crm.find, with: {ticket: "${{ output.ticket }}"}, until: output.state == "locked", every: 30s}
"""
TESTS = """\
mocks:
  lock: {output: {ticket: t1}}
tests:
  - name: it is seen at the second look
    start: {manual: {by: eve}}
    mocks: {crm.find: [{output: {state: open}}, {output: {state: locked}}]}
    expect:
      status: succeeded
      steps: {lock: succeeded}
      calls: [{action: crm.lock, times: 1}, {action: crm.find, times: 2, with: {ticket: t1}}]
  - name: it is never seen
    start: {manual: {by: eve}}
    mocks: {crm.find: {output: {state: open}}}
    expect: {status: failed, steps: {lock: failed}, audit: [response.held, run.finished]}
"""


def test_a_mock_of_a_step_answers_for_its_action_and_not_for_the_look(tried: Try) -> None:
    assert tried(PLAYBOOK, TESTS).problems == ((), ())
