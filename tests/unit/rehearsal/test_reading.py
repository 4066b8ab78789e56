import pytest

from tests.unit.rehearsal.conftest import Read

PLAYBOOK = """\
on: {alert: {source: siem}, manual: {}}
steps:
  - id: look
    uses: crm.find
  - id: wipe
    uses: crm.wipe
    with: {user: ann}
    approve: role:analyst
  - id: owner
    ask: {to: role:analyst, question: Was it you?, fields: {mine: {type: bool}}}
"""
GOOD = """\
tests:
  - name: good
    alert: {source: siem}
    expect: {status: waiting}
"""


def place(read: Read, tests: str, **options: str) -> list[tuple[int, str, str, str | None]]:
    return [(finding.line, finding.code, finding.message, finding.hint) for finding in read(PLAYBOOK, tests, **options)]


def test_a_good_file_has_no_findings(read: Read) -> None:
    assert place(read, GOOD) == []


@pytest.mark.parametrize(
    ("tests", "line", "code", "message", "hint"),
    [
        ("mockz: {}\n" + GOOD, 2, "P101", "unknown key `mockz`", "did you mean `mocks`?"),
        ("clock: today\n" + GOOD, 2, "P100", "`today` is no timestamp", "write 2026-11-21T09:00:00Z"),
        ("clock: 9999-12-31T23:59:59Z\n" + GOOD, 2, "P104", "in the year 2999 at the latest", None),
        ("tests: []\n", 2, "P100", "a list of tests belongs here, not a list", None),
        ("clock: 2026-01-01T00:00:00Z\n", 1, "P102", "the key `tests` is missing", None),
        ("mocks: {crm.fnd: {}}\n" + GOOD, 2, "P302", "action `crm.fnd`", "did you mean `crm.find`?"),
        ("mocks: {loook: {}}\n" + GOOD, 2, "P202", "no step `loook`", "did you mean `look`?"),
        ("mocks: {look: {outptu: 1}}\n" + GOOD, 2, "P101", "`outptu`", "did you mean `output`?"),
        ("mocks: {look: {output: 1, error: {code: auth}}}\n" + GOOD, 2, "P106", "not both", None),
        ("mocks: {look: {error: {code: autth}}}\n" + GOOD, 2, "P103", "`autth` is none of", "did you mean `auth`?"),
        ("mocks: {look: {error: {message: no}}}\n" + GOOD, 2, "P102", "`code` is missing", None),
        ("alerts: {a: {source: siem, sevrity: low}}\n" + GOOD, 2, "P101", "`sevrity`", "did you mean `severity`?"),
        ("alerts: {a: {kind: x}}\n" + GOOD, 2, "P102", "`source` is missing", None),
        ("alerts: {a: {source: siem, severity: huge}}\n" + GOOD, 2, "P103", "`huge` is none of low, medium", None),
    ],
)
def test_what_is_wrong_with_a_file_is_found_where_it_stands(
    read: Read, tests: str, line: int, code: str, message: str, hint: str | None
) -> None:
    (found,) = place(read, tests)
    assert (found[0], found[1], found[3]) == (line, code, hint)
    assert message in found[2]


@pytest.mark.parametrize(
    ("test", "code", "message"),
    [
        ("alert: {source: siem}", "P102", "`expect` is missing"),
        ("expect: {}", "P102", "a test begins with `alert`, or with `start`"),
        ("alert: {source: siem}, start: {manual: {by: ann}}, expect: {}", "P102", "and not with both"),
        ("alert: reportd, expect: {}", "P201", "there is no alert `reportd`"),
        ("start: {manual: {}}, expect: {}", "P102", "`by` is missing"),
        ("start: {}, expect: {}", "P102", "one of `manual`, `schedule` and `event`"),
        ("start: {schedule: {cron: x}}, expect: {}", "P101", "`cron`"),
        ("start: {scheduled: {}}, expect: {}", "P101", "`scheduled`"),
        ("start: {event: {type: run.fled}}, expect: {}", "P103", "`run.fled`"),
        ("start: {event: {subject: x}}, expect: {}", "P102", "`type` is missing"),
        ("start: {schedule: {}, manual: {by: ann}}, expect: {}", "P102", "one of `manual`, `schedule` and `event`"),
        ("alert: reported, events: [{type: run.failed, after: 3}], expect: {}", "P120", "needs a unit"),
        ("start: {manual: {by: ann}}, alert_patch: {}, expect: {}", "P106", "goes with `alert`"),
        ("alert: reported, alert_patch: [1], expect: {}", "P100", "a map of keys belongs here"),
        ("alert: reported, alert_patch: {severity: huge}, expect: {}", "P103", "`huge` is none of"),
        ("alert: reported, asks: {look: {timeout: true}}, expect: {}", "P202", "`look` asks for no facts"),
        ("alert: reported, asks: {ownr: {timeout: true}}, expect: {}", "P202", "no step `ownr`"),
        ("alert: reported, asks: {owner: {}}, expect: {}", "P105", "an act is one of `answer` and `timeout`"),
        ("alert: reported, asks: {owner: {answer: {}, timeout: true}}, expect: {}", "P105", "an act is one of"),
        ("alert: reported, asks: {owner: {answer: yes}}, expect: {}", "P100", "a map"),
        ("alert: reported, asks: {owner: {timeout: true, by: ann}}, expect: {}", "P106", "`by` does not go"),
        ("alert: reported, asks: {owner: {answer: {}, roles: [analyst]}}, expect: {}", "P106", "goes with `by`"),
        ("alert: reported, asks: {owner: {answer: {}, confirm: x}}, expect: {}", "P101", "`confirm`"),
        ("alert: reported, asks: {owner: {answer: {}, expect: already_voted}}, expect: {}", "P103", "`already_voted`"),
        (
            "alert: reported, asks: {owner: [{answer: {}, after: 4m}, {answer: {}, after: 3m}]}, expect: {}",
            "P104",
            "not in order",
        ),
        ("alert: reported, approvals: {wip: {timeout: true}}, expect: {}", "P202", "no step `wip`"),
        ("alert: reported, approvals: {wipe: {}}, expect: {}", "P105", "an act is one of"),
        ("alert: reported, approvals: {wipe: {approve: a, deny: b}}, expect: {}", "P105", "an act is one of"),
        ("alert: reported, approvals: {wipe: {timeout: false}}, expect: {}", "P100", "`timeout` is `true`"),
        ("alert: reported, approvals: {wipe: {timeout: true, after: 2m}}, expect: {}", "P106", "`after` does not go"),
        ("alert: reported, approvals: {wipe: {approve: a, after: 4}}, expect: {}", "P120", "needs a unit"),
        ("alert: reported, approvals: {wipe: {approve: a, after: 9999999w}}, expect: {}", "P104", "3650 days"),
        ("alert: reported, approvals: {wipe: {approve: a, expect: fine}}, expect: {}", "P103", "`fine` is none of"),
        (
            "alert: reported, approvals: {wipe: [{approve: a, after: 4m}, {deny: b, after: 3m}]}, expect: {}",
            "P104",
            "not in order",
        ),
        ("alert: reported, expect: {statsu: failed}", "P101", "`statsu`"),
        ("alert: reported, expect: {status: done}", "P103", "`done` is none of"),
        ("alert: reported, expect: {steps: {wipe: gone}}", "P103", "`gone` is none of"),
        ("alert: reported, expect: {steps: {wipee: failed}}", "P202", "no step `wipee`"),
        ("alert: reported, expect: {steps: [wipe]}", "P100", "a map by step belongs here"),
        ("alert: reported, expect: {outputs: 3}", "P100", "a map of values belongs here"),
        ("alert: reported, expect: {calls: [{times: 1}]}", "P102", "`action` is missing"),
        ("alert: reported, expect: {calls: [{action: crm.fnd}]}", "P302", "`crm.fnd`"),
        ("alert: reported, expect: {calls: [{action: crm.find, times: some}]}", "P100", "a whole number"),
        ("alert: reported, expect: {never: [crm.fnd]}", "P302", "`crm.fnd`"),
        ("alert: reported, expect: {approvals: one}", "P100", "a whole number"),
        ("alert: reported, expect: {approval: {wipe: {wait: 4m}}}", "P101", "`wait`"),
        ("alert: reported, expect: {escalated: {wipe: [soc]}}", "P112", "`soc` is no principal"),
        ("alert: reported, expect: {undone: [wip]}", "P202", "no step `wip`"),
        ("alert: reported, expect: {audit: [3]}", "P100", "a text belongs here"),
    ],
)
def test_what_is_wrong_with_a_test_is_found(read: Read, test: str, code: str, message: str) -> None:
    alerts = "alerts: {reported: {source: siem}}\n"
    found = place(read, f"{alerts}tests:\n  - {{name: n, {test}}}\n")
    assert [(line, code_) for line, code_, _, _ in found] == [(4, code)]
    assert message in found[0][2]


def test_a_file_names_the_playbook_that_it_is_called_after(read: Read) -> None:
    (found,) = place(read, GOOD, head="playbook: other\n")
    assert found[:2] == (1, "P005")
    (missing,) = place(read, GOOD, head="")
    assert missing[1:3] == ("P102", "the key `playbook` is missing")


def test_what_is_no_yaml_is_not_read_further(read: Read) -> None:
    (found,) = place(read, "tests: &all []\n")
    assert found[1] == "P011"
