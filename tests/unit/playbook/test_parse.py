import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from soar.model.playbook import (
    AlertTrigger,
    CallTrigger,
    InputSpec,
    Location,
    ManualTrigger,
    OnDuplicate,
    Overlap,
    Playbook,
)
from soar.model.run import Mode
from soar.model.step import (
    AfterFailure,
    AskGate,
    Assurance,
    Escalation,
    GroupSteps,
    Retry,
    SetValues,
    StopRun,
    UndoSpec,
    UseAction,
    walk_steps,
)
from soar.playbook import parse_playbook

SHIPPED = Path(__file__).parents[3] / "playbooks" / "phishing-triage.yaml"


def parse(text: str) -> Playbook:
    playbook, findings = parse_playbook(text, playbook_id="a", file="a.yaml")
    assert findings == []
    assert playbook is not None
    return playbook


def parse_step(step: str) -> Playbook:
    indented = step.strip("\n").replace("\n", "\n    ")
    return parse(f"name: A\non: {{manual: {{}}}}\nsteps:\n  - {indented}\n")


@pytest.fixture(scope="module")
def shipped() -> Playbook:
    playbook, findings = parse_playbook(
        SHIPPED.read_text(encoding="utf-8"), playbook_id="phishing-triage", file=SHIPPED.name
    )
    assert findings == []
    assert playbook is not None
    return playbook


def test_the_head_of_a_playbook_is_read(shipped: Playbook) -> None:
    assert shipped.id == "phishing-triage"
    assert shipped.name == "Phishing e-mail triage"
    assert shipped.owner == "team:detection-response"
    assert shipped.tags == ("phishing", "attack.t1566")
    assert shipped.saves == timedelta(minutes=25)
    assert shipped.mode is Mode.LIVE
    assert shipped.triggers == (
        AlertTrigger(sources=("phish-report",), match='alert.kind == "email.reported"'),
        ManualTrigger(),
    )
    assert shipped.inputs["attachments"] == InputSpec(
        id="attachments", type="list<sha256>", source="alert.raw.attachment_hashes", has_default=True, default=[]
    )
    assert shipped.dedupe is not None
    assert shipped.dedupe.window == timedelta(days=1)
    assert shipped.dedupe.on_duplicate is OnDuplicate.ATTACH
    assert shipped.case is not None
    assert shipped.case.title == "Phishing from ${{ domain(inputs.sender) }}"
    assert shipped.notify is not None
    assert shipped.notify.channel == "chat:#soc-phishing"
    assert shipped.outputs["purged"] == '${{ steps.purge.status == "succeeded" }}'


def test_the_steps_of_a_playbook_are_read(shipped: Playbook) -> None:
    links, files, domain, verdict, clean, copies, purge, thanks = shipped.steps
    assert links.foreach is not None
    assert (links.foreach.name, links.foreach.max_parallel) == ("url", 4)
    assert links.on_failure.then is AfterFailure.CONTINUE
    assert files.needs == ()
    assert domain.body == UseAction(action="whois.domain_age", arguments={"domain": "${{ domain(inputs.sender) }}"})
    assert isinstance(verdict.body, SetValues)
    assert isinstance(clean.body, GroupSteps)
    assert clean.body.steps[1].body == StopRun(reason="No link and no attachment is known to be bad.")
    assert copies.condition is None
    assert purge.gate is not None
    assert purge.gate.by == ("role:analyst",)
    assert purge.gate.remind == (timedelta(minutes=10),)
    assert purge.gate.escalate == (Escalation(after=timedelta(minutes=15), to="role:soc-lead"),)
    assert purge.gate.on_deny.then is AfterFailure.CONTINUE
    assert isinstance(purge.body, UseAction)
    assert purge.body.undo == UndoSpec()
    assert thanks.id is None


def test_the_revision_is_the_digest_of_the_bytes(shipped: Playbook) -> None:
    assert shipped.revision == f"sha256:{hashlib.sha256(SHIPPED.read_bytes()).hexdigest()}"


def test_every_path_of_the_document_has_its_place(shipped: Playbook) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    place = shipped.locations["steps/6/approve/escalate/0/to"]
    assert lines[place.line - 1].strip() == "to: role:soc-lead"
    assert shipped.locations["name"] == Location(1, 1)
    assert {step.path for step in walk_steps(shipped.steps)} <= set(shipped.locations)


def test_paths_name_groups_handlers_and_branches() -> None:
    playbook = parse(
        """
name: A
on: {manual: {}}
steps:
  - steps:
      - approve:
          by: role:analyst
          on_deny:
            - stop: {status: denied}
    on_failure:
      - set: {a: 1}
on_failure:
  - set: {b: 1}
finally:
  - set: {c: 1}
"""
    )
    paths = [step.path for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)]
    assert paths == [
        "steps/0",
        "steps/0/steps/0",
        "steps/0/steps/0/approve/on_deny/0",
        "steps/0/on_failure/0",
        "on_failure/0",
        "finally/0",
    ]


def test_triggers_may_be_a_list() -> None:
    playbook = parse(
        """
name: A
on:
  - alert: {source: [a, b], match: "${{ alert.kind == 'x' }}"}
  - alert: {}
  - manual: {by: role:analyst}
    call: {}
steps: [{stop: {}}]
"""
    )
    assert playbook.triggers == (
        AlertTrigger(sources=("a", "b"), match="alert.kind == 'x'"),
        AlertTrigger(sources=(), match=None),
        ManualTrigger(by=("role:analyst",)),
        CallTrigger(),
    )


def test_a_principal_stands_for_a_gate() -> None:
    step = parse_step("approve: oncall:secops").steps[0]
    assert step.gate is not None
    assert step.gate.by == ("oncall:secops",)
    assert step.body == AskGate()


def test_a_gate_is_read_in_full() -> None:
    step = parse_step(
        """
approve:
  by: [role:analyst, user:ann@corp.example]
  if: inputs.big
  quorum: ${{ case(true, 2, 1) }}
  veto: false
  exclude: [author]
  assurance: mfa
  reason: Because
  impact: Much
  evidence: {Count: "${{ 1 }}"}
  confirm: yes I do
  comment: required
  per: item
  timeout: 1h
  remind: [10m, 20m]
  escalate: [{after: 30m, to: role:lead, via: ["chat:#soc", page:secops]}]
  on_timeout: fail
  on_deny: [{stop: {status: denied}}]
  channel: chat:#soc
"""
    ).steps[0]
    gate = step.gate
    assert gate is not None
    assert gate.by == ("role:analyst", "user:ann@corp.example")
    assert gate.condition == "inputs.big"
    assert gate.quorum == "${{ case(true, 2, 1) }}"
    assert (gate.has_veto, gate.exclude, gate.assurance) == (False, ("author",), Assurance.MFA)
    assert (gate.confirm, gate.comment, gate.per_item, gate.on_timeout) == ("yes I do", "required", True, "fail")
    assert gate.escalate[0].via == ("chat:#soc", "page:secops")
    assert gate.on_deny.then is AfterFailure.HANDLE
    assert [inner.path for inner in gate.on_deny.steps] == ["steps/0/approve/on_deny/0"]


def test_short_forms_mean_what_the_long_ones_do() -> None:
    short = parse_step("uses: a.b@2\nforeach: inputs.list\nretry: 3\nneeds: []\nmask: true").steps[0]
    assert isinstance(short.body, UseAction)
    assert (short.body.action, short.body.major) == ("a.b", 2)
    assert short.body.retry == Retry(attempts=3)
    assert short.body.mask is True
    assert short.foreach is not None
    assert (short.foreach.expression, short.foreach.name, short.foreach.max_items) == ("inputs.list", "item", 1000)


def test_an_action_is_read_in_full() -> None:
    step = parse_step(
        """
uses: a.b
with: {x: 1}
connection: other
retry: {attempts: 4, delay: 5s, backoff: fixed, max_delay: 1m, jitter: false, on: [timeout], when: error.attempts < 3}
undo: {uses: a.c, with: {y: "${{ output.id }}"}}
expires: 24h
outputs: {id: "${{ output.id }}"}
mask: [token, user.mail]
timeout: 20s
on_failure: [{set: {failed: true}}]
saves: 5m
"""
    ).steps[0]
    use = step.body
    assert isinstance(use, UseAction)
    assert (use.connection, use.expires, use.mask) == ("other", "24h", ("token", "user.mail"))
    assert use.undo == UndoSpec(action="a.c", arguments={"y": "${{ output.id }}"})
    assert use.retry is not None
    assert (use.retry.on, use.retry.when, use.retry.has_jitter) == (("timeout",), "error.attempts < 3", False)
    assert (step.timeout, step.saves) == (timedelta(seconds=20), timedelta(minutes=5))
    assert step.on_failure.then is AfterFailure.HANDLE


def test_defaults_and_limits_are_read() -> None:
    playbook = parse(
        """
name: A
on: {manual: {}}
mode: shadow
enabled: false
schema: 1
rollback: manual
timeout: 2d
x-note: ignored
concurrency: {key: inputs.a, mode: queue, max: 3}
defaults:
  timeout: 1m
  retry: 2
  approve: role:analyst
  connection: {entra: entra-eu}
vars: {a: [1, 2]}
steps: [{stop: {}, x-why: ignored}]
"""
    )
    assert (playbook.mode, playbook.is_enabled, playbook.timeout) == (Mode.SHADOW, False, timedelta(days=2))
    assert (playbook.concurrency.mode, playbook.concurrency.limit) == (Overlap.QUEUE, 3)
    assert playbook.default_timeout == timedelta(minutes=1)
    assert playbook.default_retry == Retry(attempts=2)
    assert playbook.default_gate is not None
    assert playbook.default_connections == {"entra": "entra-eu"}
    assert playbook.variables == {"a": [1, 2]}


WRONG = {
    "on: alert": ("P100", "write `on: {alert: {}}`"),
    "on: {}": ("P102", "write `manual: {}` below it"),
    "on: {manual: []}": ("P100", None),
    "inputs: [a]": ("P100", None),
    "inputs: {a: string}": ("P100", None),
    "inputs: {A: {type: string}}": ("P110", "write `a`"),
    "inputs: {a: {type: string, enum: x}}": ("P100", None),
    "inputs: {a: {type: int, min: x}}": ("P100", None),
    "inputs: {a: {type: list<list<strng>>}}": ("P115", None),
    "vars: [a]": ("P100", None),
    "vars: {a-b: 1}": ("P110", "write `a_b`"),
    "vars: {'1': 1}": ("P110", None),
    "enabled: 1": ("P100", None),
    "enabled: 'on'": ("P100", None),
    "owner: ann": ("P112", "write team:… or user:… with a mail address"),
    "tags: [1]": ("P100", "quote it"),
    "tags: ['']": ("P100", None),
    "saves: soon": ("P120", "write 90s, 15m, 1h30m, 2d or 1w"),
    "saves: [1h]": ("P120", None),
    "saves: 1.5": ("P120", "write `1.5s`"),
    "schema: 2": ("P104", None),
    "rollback: always": ("P103", None),
    "rollback: never": ("P103", None),
    "concurrency: {max: many}": ("P100", None),
    "concurrency: {key: [a]}": ("P100", None),
    "case: {title: x}": ("P102", None),
    "notify: {channel: 'chat:#a', on: [finish]}": ("P103", "did you mean `finished`?"),
    "defaults: {connection: [a]}": ("P100", None),
    "defaults: {connection: {a: 1}}": ("P100", "quote it"),
    "dedupe: inputs.a": ("P100", None),
    "concurrency: drop": ("P100", None),
    "case: A": ("P100", None),
    "notify: 'chat:#a'": ("P100", None),
    "defaults: fast": ("P100", None),
    "on: [alert]": ("P100", None),
    "on: {alert: wazuh}": ("P100", None),
    "inputs: {a: {type: string, pattern: 5}}": ("P100", "quote it"),
    "inputs: {a: {type: list<list<list<list<list<string>>>>>}}": ("P115", None),
    "name: @a": ("P010", "quote the value"),
    "tags: [${{ a }}]": ("P010", "quote the value: inside [ ] and { } an expression needs quotes"),
    "case: {title: 'A' B}": ("P010", "wrap the whole value in ${{ }} or quote it"),
    "description: a: b": ("P010", "quote the value if its colon is meant as text, or check the indentation"),
    "vars: {a: 1": ("P010", "check the indentation, the quotes and the brackets around here"),
}


@pytest.mark.parametrize(("line", "expected"), WRONG.items())
def test_a_wrong_value_gets_one_finding(line: str, expected: tuple[str, str | None]) -> None:
    on = "" if line.startswith("on:") else "on: {manual: {}}\n"
    playbook, findings = parse_playbook(
        f"name: A\n{on}{line}\nsteps: [{{stop: {{}}}}]\n", playbook_id="a", file="a.yaml"
    )
    assert playbook is None
    assert [found.code for found in findings] == [expected[0]]
    assert expected[1] is None or findings[0].hint == expected[1]


WRONG_STEPS = {
    "stop": "P100",
    "{stop: now}": "P100",
    "{steps: {a: b}}": "P100",
    "{set: 1}": "P100",
    "{uses: 1}": "P100",
    "{uses: a.b, undo: never}": "P103",
    "{uses: a.b, undo: {with: {}}}": "P102",
    "{uses: a.b, undo: [a]}": "P103",
    "{uses: a.b, expires: 5}": "P120",
    "{uses: a.b, poll: {every: 30s, until: output.done}}": "P102",
    "{uses: a.b, retry: {attempts: 1, on: [timout]}}": "P103",
    "{uses: a.b, retry: true}": "P100",
    "{uses: a.b, retry: often}": "P100",
    "{uses: a.b, needs: }": "P100",
    "{uses: a.b, foreach: }": "P100",
    "{uses: a.b, foreach: {as: x}}": "P102",
    "{uses: a.b, foreach: {in: x, as: A-b}}": "P110",
    "{uses: a.b, on_failure: retry}": "P103",
    "{uses: a.b, approve: }": "P100",
    "{uses: a.b, approve: {by: role:a, quorum: two}}": "P100",
    "{uses: a.b, approve: {by: role:a, on_deny: {a: b}}}": "P100",
    "{uses: a.b, approve: {by: role:a, on_deny: never}}": "P103",
    "{uses: a.b, approve: {by: role:a, escalate: [role:b]}}": "P100",
    "{uses: a.b, approve: {by: role:a, subset: 1}}": "P100",
    "{uses: a.b, approve: {reason: x}}": "P102",
    "{uses: a.b, if: [a]}": "P100",
    "{choose: [{when: a}], else: [{stop: {}}]}": "P102",
    "{ask: {to: ann, question: Was it you?, fields: {it: {}}}}": "P112",
    "{ask: {to: role:a, question: Was it?, fields: {it: {type: int, default: x}}}}": "P103",
    "{ask: {to: role:a, question: Was it?, fields: {it: {type: bool, enum: [true, 1]}}}}": "P103",
    "{ask: {to: role:a, question: Was it?, fields: {it: {enum: [a, b], default: c}}}}": "P103",
    "{wait: 60}": "P120",
    "{wait: {until: now(), for: {event: run.failed}, timeout: 1h}}": "P105",
    "{wait: {for: {event: run.gone}, timeout: 1h}}": "P103",
    "{wait: {until: now(), timeout: 1h}}": "P106",
    "{parallel: [{stop: {}}]}": "P100",
    "{fail: 5}": "P100",
}


@pytest.mark.parametrize(("step", "code"), WRONG_STEPS.items())
def test_a_wrong_step_gets_one_finding(step: str, code: str) -> None:
    playbook, findings = parse_playbook(
        f"name: A\non: {{manual: {{}}}}\nsteps:\n  - {step}\n", playbook_id="a", file="a.yaml"
    )
    assert playbook is None
    assert [found.code for found in findings] == [code]


def test_a_playbook_has_at_most_200_steps() -> None:
    head = "name: A\non: {manual: {}}\nsteps:\n"
    assert len(parse(head + "  - stop: {}\n" * 200).steps) == 200
    _, findings = parse_playbook(head + "  - stop: {}\n" * 210, playbook_id="a", file="a.yaml")
    assert [(found.code, found.line) for found in findings] == [("P107", 204)]
