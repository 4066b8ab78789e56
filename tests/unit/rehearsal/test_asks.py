"""Questions for facts in a rehearsal: whoever is asked is there, answers, or stays silent."""

import pytest

from tests.unit.rehearsal.conftest import Try

OWNER = """\
on: {manual: {}}
inputs:
  user: {type: email}
steps:
  - id: owner
    name: Ask the owner
    ask:
      to: ${{ inputs.user }}
      question: Was it you, ${{ inputs.user }}?
      fields:
        mine: {type: bool, label: It was me}
        seen: {type: timestamp, default: "2026-11-21T08:00:00Z"}
      timeout: 5m
      on_timeout: continue
  - id: verdict
    if: default(steps.owner.output.mine, false) == false
    ask:
      to: role:analyst
      question: Was it taken over?
      fields: {verdict: {enum: [compromised, false_alarm]}}
outputs:
  mine: ${{ default(steps.owner.output.mine, "nobody knows") }}
  hour: ${{ default(steps.owner.output.seen.getHours(), 0) }}
  verdict: ${{ default(steps.verdict.output.verdict, "none") }}
"""


def by_hand(test: str) -> str:
    start = "{manual: {by: mia, inputs: {user: ann@corp.example}}}"
    return f"tests:\n  - {{name: n, start: {start}, {test}}}\n"


@pytest.mark.parametrize(
    "test",
    [
        "asks: {owner: {answer: {mine: true}}}, expect: {status: succeeded, outputs: {mine: true, hour: 8}}",
        "asks: {owner: {answer: {mine: true}, by: ann@corp.example, after: 2m}}, expect: {status: succeeded}",
        (
            "asks: {owner: {answer: {mine: true}, after: 2m}}, "
            "expect: {approval: {owner: {waited: 2m, outcome: answered}}}"
        ),
        "asks: {owner: {answer: {mine: true}}}, expect: {approvals: 0, audit: [approval.requested, approval.answered]}",
        (
            "asks: {owner: {timeout: true}, verdict: {answer: {verdict: compromised}}}, "
            "expect: {status: succeeded, steps: {owner: skipped}, outputs: {mine: nobody knows, verdict: compromised}}"
        ),
        (
            "asks: {owner: [{answer: {mine: true}, by: bob, expect: not_allowed}, "
            "{answer: {mine: 7}, expect: answers_invalid}, {answer: {mine: true}}, "
            "{answer: {mine: false}, expect: already_decided}]}, expect: {status: succeeded, outputs: {mine: true}}"
        ),
        "asks: {owner: [{timeout: true}, {answer: {mine: true}, expect: expired}]}, expect: {status: waiting}",
        (
            "asks: {owner: {answer: {mine: false}}, "
            "verdict: {answer: {verdict: false_alarm}, by: carol, roles: [analyst]}}, "
            "expect: {outputs: {verdict: false_alarm}}"
        ),
    ],
)
def test_what_people_answer_is_what_the_run_goes_on_with(tried: Try, test: str) -> None:
    assert tried(OWNER, by_hand(test)).problems == ((),)


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (
            "asks: {owner: {answer: {mine: 7}}}, expect: {status: waiting}",
            "the answer of ann@corp.example: expected accepted, found answers_invalid: ",
        ),
        (
            "asks: {owner: {answer: {mine: true}}, verdict: {timeout: true}}, expect: {}",
            "nobody was asked at `verdict`; the run is succeeded",
        ),
        ("expect: {}", "`owner` waits for somebody, and nobody acts\nsay under `asks` who does what"),
    ],
)
def test_what_does_not_come_about_is_said(tried: Try, test: str, problem: str) -> None:
    ((found,),) = tried(OWNER, by_hand(test)).problems
    assert problem in found


def test_a_step_with_a_gate_and_a_question_is_decided_and_then_answered(tried: Try) -> None:
    playbook = """\
on: {manual: {}}
steps:
  - id: both
    approve: role:soc-lead
    ask: {to: role:analyst, question: How many?, fields: {n: {type: int}}}
outputs: {n: "${{ steps.both.output.n }}"}
"""
    test = (
        "approvals: {both: {approve: carol, roles: [soc-lead]}}, asks: {both: {answer: {n: 3}}}, "
        "expect: {status: succeeded, approvals: 1, outputs: {n: 3}}"
    )
    result = tried(playbook, by_hand(test).replace("inputs: {user: ann@corp.example}", "roles: [viewer]"))
    assert result.problems == ((),)
    (gate,) = result.coverage.gates
    assert [answer.value for answer in gate.answers] == ["yes"]
