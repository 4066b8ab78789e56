"""What a test file can say, said, played and judged: once so that it holds, and once so that it does not."""

import dataclasses

import pytest

from soar.model.step import Assurance
from soar.policy import Policy
from tests.unit.rehearsal.conftest import SITE, Try

LOOK = """\
on: {alert: {source: siem, match: alert.kind == "seen"}, manual: {}}
inputs:
  user: {type: string, from: alert.raw.user}
steps:
  - id: look
    uses: crm.find
    with: {user: "${{ inputs.user }}"}
outputs:
  found: ${{ default(steps.look.output.found, "nothing") }}
  limit: ${{ config.limit }}
  at: ${{ run.started_at }}
"""
SEEN = """\
clock: 2026-11-21T09:00:00Z
alerts:
  seen: {source: siem, kind: seen, raw: {user: ann, deep: {kept: 1, gone: 2}}}
mocks:
  crm.find: {output: {found: a user}}
tests:
"""
WIPE = """\
on: {manual: {}}
steps:
  - id: wipe
    name: Wipe the mailbox
    uses: crm.wipe
    with: {user: ann}
    approve:
      by: role:analyst
      reason: because
      impact: all mail is lost
      evidence: {Seen: 3 times}
      timeout: 30m
      escalate: [{after: 15m, to: role:soc-lead}]
  - id: after
    if: steps.wipe.status == "succeeded"
    uses: crm.note
    with: {text: wiped}
"""
BY_HAND = """\
mocks: {crm.wipe: {}, crm.note: {}}
tests:
  - name: asked
    start: {manual: {by: olga, roles: [auditor]}}
"""


def seen(test: str) -> str:
    return f"{SEEN}  - {{name: n, alert: seen, {test}}}\n"


def by_hand(test: str) -> str:
    return BY_HAND + "".join(f"    {line}\n" for line in test.splitlines())


@pytest.mark.parametrize(
    "test",
    [
        "expect: {}",
        "expect: {status: succeeded}",
        "expect: {steps: {look: succeeded}}",
        "expect: {outputs: {found: a user}}",
        "expect: {outputs: {found: {contains: user}, limit: 3}}",
        'expect: {outputs: {at: "2026-11-21T09:00:00Z"}}',
        "expect: {calls: [{action: crm.find, times: 1, with: {user: ann}}]}",
        "expect: {calls: [{action: crm.find, with: {user: {contains: nn}}}, {action: crm.note, times: 0}]}",
        "expect: {calls: [{action: crm.find, times: 0, with: {user: bob}}]}",
        "expect: {never: [crm.note, crm.wipe]}",
        "expect: {approvals: 0, audit: [run.requested, action.started, run.finished]}",
        "config: {limit: 9}, expect: {outputs: {limit: 9}}",
        "alert_patch: {raw: {user: bob}}, expect: {calls: [{action: crm.find, with: {user: bob}}]}",
        "alert_patch: {raw: {user: null}}, expect: {status: rejected}",
        "mocks: {crm.find: {output: {found: another}}}, expect: {outputs: {found: another}}",
        "mocks: {look: {output: {found: by step}}}, expect: {outputs: {found: by step}}",
        "mocks: {look: {error: {code: auth, message: no}}}, expect: {status: failed, steps: {look: failed}}",
    ],
)
def test_what_holds_passes(tried: Try, test: str) -> None:
    assert tried(LOOK, seen(test)).problems == ((),)


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("expect: {status: failed}", "status: expected failed, found succeeded"),
        ("expect: {steps: {look: skipped}}", "steps.look: expected skipped, found succeeded"),
        ("expect: {outputs: {found: one}}", 'outputs.found: expected "one", found "a user"'),
        ("expect: {outputs: {lost: 1}}", "outputs.lost: expected 1, found no such output"),
        ("expect: {outputs: {limit: 3.5}}", "outputs.limit: expected 3.5, found 3"),
        (
            "expect: {calls: [{action: crm.find, times: 2}]}",
            "calls: expected 2 calls of crm.find, found 1 call",
        ),
        ("expect: {calls: [{action: crm.note}]}", "calls: expected a call of crm.note, found 0 calls"),
        (
            "expect: {calls: [{action: crm.find, with: {user: bob}}]}",
            (
                'calls: expected a call of crm.find with {"user":"bob"}, found 0 calls of 1 made\n'
                'called with {"user":"ann"}'
            ),
        ),
        ("expect: {never: [crm.find]}", 'never: expected no call of crm.find, found 1 call with {"user":"ann"}'),
        ("expect: {approvals: 1}", "approvals: expected 1, found 0"),
        ("expect: {approval: {look: {waited: 1m}}}", "approval.look.waited: nobody was asked"),
        ("expect: {escalated: {look: [role:ciso]}}", 'escalated.look: expected ["role:ciso"], found []'),
        ("expect: {undone: [look]}", "undone: `look` changed nothing that could be taken back"),
        (
            "expect: {audit: [run.finished, run.requested]}",
            (
                "audit: expected run.finished, run.requested; run.requested is not there in order, found "
                "run.requested, action.started, action.finished, run.finished"
            ),
        ),
        (
            "alert_patch: {kind: other}, expect: {}",
            'the playbook does not take this alert: alert.kind == "seen" (found false)',
        ),
        (
            "alert_patch: {raw: {user: null}}, expect: {status: succeeded}",
            "status: expected succeeded, found rejected (inputs.user: the alert has no raw.user)",
        ),
        ("approvals: {look: {approve: ann}}, expect: {}", "nobody was asked at `look`; the run is succeeded"),
        (
            "mocks: {look: {error: {code: auth, message: no}}}, expect: {steps: {look: succeeded}}",
            "steps.look: expected succeeded, found failed (auth: no)",
        ),
    ],
)
def test_what_does_not_hold_says_line_expected_and_found(tried: Try, test: str, problem: str) -> None:
    ((found,),) = tried(LOOK, seen(test)).problems
    assert found == f"8: {problem}"


def test_an_alert_may_be_written_out_in_the_test(tried: Try) -> None:
    result = tried(
        LOOK,
        """\
        mocks: {look: {output: {}}}
        tests:
          - name: inline
            alert: {source: siem, kind: seen, raw: {user: eve}}
            expect: {calls: [{action: crm.find, with: {user: eve}}]}
        """,
    )
    assert result.problems == ((),)


def test_an_unmocked_action_fails_the_test_with_a_mock_to_paste(tried: Try) -> None:
    tests = "tests:\n  - {name: n, alert: {source: siem, kind: seen, raw: {user: ann}}, expect: {status: failed}}\n"
    assert tried(LOOK, tests).problems == (
        ('3: crm.find is not mocked; it was called with {"user":"ann"}\nadd under `mocks`:  crm.find: {output: {}}',),
    )


REPEATED = """\
on: {manual: {}}
steps:
  - id: look
    foreach: {in: "[1, 2, 3]"}
    uses: crm.find
    with: {n: "${{ item }}"}
    on_failure: continue
outputs:
  found: ${{ steps.look.output }}
"""


def test_a_list_of_mocks_answers_call_by_call(tried: Try) -> None:
    tests = """\
        mocks:
          look: [{output: a}, {error: {code: not_found}}, {output: c}]
        tests:
          - name: n
            start: {manual: {by: ann}}
            expect: {outputs: {found: [a, c]}, calls: [{action: crm.find, times: 3}]}
        """
    assert tried(REPEATED, tests).problems == ((),)


def test_a_list_of_mocks_that_is_too_short_fails_the_test(tried: Try) -> None:
    tests = "mocks: {look: [{output: a}, {output: b}]}\ntests:\n  - {name: n, start: {manual: {by: ann}}, expect: {}}\n"
    ((problem,),) = tried(REPEATED, tests).problems
    assert problem == (
        '4: crm.find was called once more than its mock answers (2), with {"n":3}\nadd an answer to its list'
    )


def test_another_attempt_is_waited_for(tried: Try) -> None:
    tests = seen(
        "mocks: {look: [{error: {code: unavailable}}, {error: {code: timeout}}, {output: {found: late}}]}, "
        "expect: {status: succeeded, outputs: {found: late}, calls: [{action: crm.find, times: 3}]}"
    )
    assert tried(LOOK, tests).problems == ((),)


@pytest.mark.parametrize(
    "test",
    [
        "approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {status: succeeded, steps: {after: succeeded}}",
        "approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {approval: {wipe: {waited: 1m}}}",
        "approvals: {wipe: {approve: bob, roles: [analyst], after: 240s}}\nexpect: {approval: {wipe: {waited: 4m}}}",
        (
            "approvals: {wipe: {deny: bob, roles: [analyst], comment: no}}\n"
            "expect: {status: denied, steps: {wipe: denied}, never: [crm.wipe], "
            "approval: {wipe: {outcome: denied, comment: no, votes: 1}}}"
        ),
        (
            "approvals: {wipe: {timeout: true}}\n"
            "expect: {status: denied, escalated: {wipe: [role:soc-lead]}, "
            "approval: {wipe: {outcome: expired, waited: 30m}}}"
        ),
        "approvals: {wipe: {approve: bob, roles: [analyst], after: 14m}}\nexpect: {escalated: {wipe: []}}",
        "expect: {status: waiting, steps: {wipe: waiting, after: skipped}, approvals: 1}",
        (
            "approvals: {wipe: [{approve: eve, expect: not_allowed}, {approve: carl, roles: [soc-lead], after: 16m}]}\n"
            "expect: {status: succeeded}"
        ),
        (
            "approvals: {wipe: {approve: bob, roles: [analyst], confirm: ben, expect: confirm_missing}}\n"
            "expect: {status: waiting}"
        ),
        "approvals: {wipe: {approve: bob, roles: [analyst], confirm: ann}}\nexpect: {status: succeeded}",
        (
            "approvals: {wipe: [{timeout: true}, {approve: bob, roles: [analyst], expect: expired}]}\n"
            "expect: {status: denied}"
        ),
        (
            "approvals: {wipe: [{deny: bob, roles: [analyst]}, {approve: bob, expect: already_decided}]}\n"
            "expect: {status: denied}"
        ),
        "approvals: {wipe: {approve: olga, roles: [analyst], expect: excluded_initiator}}\nexpect: {status: waiting}",
        (
            "approvals: {wipe: {timeout: true}}\n"
            "expect: {audit: [approval.requested, approval.escalated, approval.expired, run.finished]}"
        ),
        (
            "expect: {status: waiting, approval: {wipe: {question: 'Wipe the mailbox?', reason: because, "
            "impact: {contains: lost}, evidence: {Seen: 3 times}, targets: [ann], confirm: ann, by: [role:analyst], "
            "quorum: 1, undo: '', waited: null, comment: null, outcome: pending}}}"
        ),
    ],
)
def test_people_act_as_they_are_told(tried: Try, test: str) -> None:
    assert tried(WIPE, by_hand(test)).problems == ((),)


@pytest.mark.parametrize(
    ("test", "problems"),
    [
        (
            "approvals: {wipe: {approve: eve, roles: [viewer]}}\nexpect: {status: waiting}",
            ["6: the vote of eve: expected accepted, found not_allowed"],
        ),
        (
            "approvals: {wipe: {approve: bob, roles: [analyst], expect: not_allowed}}\nexpect: {}",
            ["6: the vote of bob: expected not_allowed, found accepted"],
        ),
        ("expect: {}", ["4: `wipe` waits for somebody, and nobody acts\nsay under `approvals` who does what"]),
        (
            "approvals: {wipe: {timeout: true}}\nexpect: {approval: {wipe: {waited: 4m, impact: {contains: one}}}}",
            ['7: approval.wipe.waited: expected "4m", found "30m"', "7: approval.wipe.impact: expected a text that"],
        ),
    ],
)
def test_people_who_do_not_act_as_expected_are_told(tried: Try, test: str, problems: list[str]) -> None:
    (found,) = tried(WIPE, by_hand(test)).problems
    assert len(found) == len(problems)
    assert all(one.startswith(begin) for one, begin in zip(found, problems, strict=True))


def test_two_people_are_needed_where_two_are_asked_for(tried: Try) -> None:
    playbook = WIPE.replace("by: role:analyst", "by: role:analyst\n      quorum: 2\n      comment: required")
    result = tried(
        playbook,
        by_hand(
            "approvals:\n"
            "  wipe:\n"
            "    - {approve: bob, roles: [analyst], comment: seen}\n"
            "    - {approve: bob, comment: again, expect: already_voted}\n"
            "    - {approve: eve, roles: [analyst], expect: comment_missing}\n"
            "    - {approve: eve, comment: yes, after: 9m}\n"
            "expect: {status: succeeded, approval: {wipe: {waited: 9m, votes: 2}}}"
        ),
    )
    assert result.problems == ((),)


def test_each_question_of_a_step_is_answered_as_the_step_is_told(tried: Try) -> None:
    playbook = """\
        on: {manual: {}}
        steps:
          - id: wipe
            foreach: {in: '["ann", "ben"]', as: user, max_parallel: 2}
            uses: crm.wipe
            with: {user: "${{ user }}"}
            approve: {by: role:analyst, reason: because, per: item}
        """
    result = tried(
        playbook,
        by_hand(
            "approvals: {wipe: {approve: bob, roles: [analyst]}}\n"
            "expect: {status: succeeded, approvals: 2, calls: [{action: crm.wipe, times: 2}]}"
        ),
    )
    assert result.problems == ((),)


HOLD = """\
on: {manual: {by: role:analyst}}
steps:
  - id: lock
    uses: crm.lock
    with: {user: ann}
    undo: auto
    expires: 24h
"""


def test_what_expires_is_taken_back_if_the_test_waits_for_it(tried: Try) -> None:
    tests = """\
        mocks: {crm.lock: {output: {ticket: t1}}, crm.unlock: {}}
        tests:
          - name: undone
            start: {manual: {by: bob, roles: [analyst]}}
            expect:
              undone: [lock]
              calls: [{action: crm.unlock, times: 1, with: {user: ann, ticket: t1}}]
              audit: [response.held, response.expired, response.lifted]
          - name: not waited for
            start: {manual: {by: bob, roles: [analyst]}}
            expect: {status: succeeded, never: [crm.unlock]}
          - name: not undone
            start: {manual: {by: bob, roles: [analyst]}}
            mocks: {crm.unlock: {error: {code: forbidden, message: no}}}
            expect: {undone: [lock]}
        """
    undone, kept, overdue = tried(HOLD, tests).problems
    assert (undone, kept) == ((), ())
    assert len(overdue) == 1
    assert overdue[0].startswith("16: undone: the change of `lock` is overdue")


@pytest.mark.parametrize(
    ("playbook", "start", "problem"),
    [
        (HOLD, "{manual: {by: eve}}", "may be started by role:analyst only, and not by eve"),
        (LOOK.replace(", manual: {}", ""), "{manual: {by: eve}}", "is not started by hand"),
    ],
)
def test_a_start_that_nobody_may_make_fails_the_test(tried: Try, playbook: str, start: str, problem: str) -> None:
    ((found,),) = tried(playbook, f"tests:\n  - {{name: n, start: {start}, expect: {{}}}}\n").problems
    assert problem in found


def test_an_alert_that_no_trigger_asks_for_fails_the_test(tried: Try) -> None:
    ((found,),) = tried(HOLD, "tests:\n  - {name: n, alert: {source: siem}, expect: {}}\n").problems
    assert found == "3: the playbook is not started by alerts"


def test_inputs_that_do_not_fit_reject_the_start(tried: Try) -> None:
    tests = "tests:\n  - {name: n, start: {manual: {by: ann, inputs: {user: 3}}}, expect: {status: rejected}}\n"
    result = tried(LOOK, tests)
    assert result.problems == ((),)
    assert "inputs.user" in (result.played[0].reason or "")


def test_a_gate_that_nobody_could_ever_answer_says_why(tried: Try) -> None:
    playbook = WIPE.replace("by: role:analyst", "by: user:olga@rehearsal.invalid").replace("crm.wipe", "crm.note")
    playbook = playbook.replace("escalate: [{after: 15m, to: role:soc-lead}]", "")
    (found,) = tried(playbook, by_hand("approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {}")).problems
    assert found == (
        "6: nobody was asked at `wipe`: it needs one person of olga@rehearsal.invalid, and nobody could ever vote",
    )


def test_whoever_votes_proves_what_the_gate_wants(tried: Try) -> None:
    playbook = WIPE.replace("by: role:analyst", "by: role:analyst\n      assurance: mfa")
    result = tried(
        playbook, by_hand("approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {status: succeeded}")
    )
    assert result.problems == ((),)
    assert result.played[0].questions[0].votes[0].assurance is Assurance.MFA


def test_a_playbook_that_is_switched_off_is_rehearsed(tried: Try) -> None:
    assert tried("enabled: false\n" + LOOK, seen("expect: {status: succeeded}")).problems == ((),)


def test_the_policy_of_the_site_holds(tried: Try) -> None:
    playbook = WIPE.replace("role:analyst", "user:ann@corp.example")
    free = dataclasses.replace(SITE, policy=Policy())
    tests = by_hand("approvals: {wipe: {approve: ann@corp.example}}\nexpect: {status: succeeded}")
    assert tried(playbook, tests, free).problems == ((),)
    assert tried(playbook, tests).problems != ((),)


def test_a_test_is_the_same_each_time(tried: Try) -> None:
    tests = by_hand("approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {}")
    assert tried(WIPE, tests).played == tried(WIPE, tests).played


def test_tests_of_a_file_do_not_see_each_other(tried: Try) -> None:
    playbook = LOOK + "dedupe: {key: inputs.user, on_duplicate: drop}\n"
    tests = SEEN + "".join(f"  - {{name: {n}, alert: seen, expect: {{status: succeeded}}}}\n" for n in "ab")
    assert tried(playbook, tests).problems == ((), ())


def test_a_patch_merges_maps_and_removes_what_is_null(tried: Try) -> None:
    playbook = LOOK.replace("alert.raw.user", "json(alert.raw.deep)")
    tests = seen(
        "alert_patch: {raw: {deep: {gone: null, come: [3]}}}, "
        'expect: {calls: [{action: crm.find, with: {user: \'{"kept":1,"come":[3]}\'}}]}'
    )
    assert tried(playbook, tests).problems == ((),)


def test_a_gate_for_several_people_is_asked_although_the_test_names_none(tried: Try) -> None:
    for quorum in ("3", "${{ config.limit }}"):
        playbook = WIPE.replace("by: role:analyst", f"by: role:analyst\n      quorum: {quorum}")
        tests = by_hand("expect: {status: waiting, approval: {wipe: {quorum: 3}}}")
        assert tried(playbook, tests).problems == ((),)


def test_another_attempt_is_made_beside_a_question_that_nobody_answers(tried: Try) -> None:
    playbook = """\
        on: {manual: {}}
        steps:
          - id: wipe
            uses: crm.wipe
            with: {user: ann}
            approve: role:analyst
          - id: look
            needs: []
            uses: crm.find
        """
    tests = by_hand(
        "mocks: {look: [{error: {code: unavailable}}, {output: found}]}\n"
        "expect: {status: waiting, steps: {look: succeeded, wipe: waiting}}"
    )
    assert tried(playbook, tests).problems == ((),)


def test_a_step_inside_of_a_loop_has_every_status_of_its_elements(tried: Try) -> None:
    playbook = """\
        on: {manual: {}}
        steps:
          - id: each
            foreach: {in: "[1, 2]", as: n}
            steps:
              - id: look
                if: n > 1
                uses: crm.find
                with: {n: "${{ n }}"}
        """
    tests = by_hand("mocks: {look: {}}\nexpect: {steps: {each: succeeded, look: succeeded}}")
    assert tried(playbook, tests).problems == (("7: steps.look: expected succeeded, found skipped and succeeded",),)


def test_a_fault_of_the_service_fails_the_test_and_does_not_end_the_others(tried: Try) -> None:
    playbook = WIPE.replace("timeout: 30m", "timeout: 99999999w")
    (problems,) = tried(playbook, by_hand("expect: {status: failed}")).problems
    assert [problem.split(":")[1] for problem in problems] == [" the rehearsal itself failed"]
