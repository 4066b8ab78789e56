"""Texts that other products ran: here they stay texts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from soar.expr import ExpressionError, FuelError, MissingError, Scope, SyntaxFaultError, compile_expression
from soar.model.values import Value
from soar.playbook.document import read_document
from tests.security.neighbours.table import answers
from tests.support.clock import START
from tests.support.service import Face, sign


def evaluate(source: str, **names: Value) -> Value:
    return compile_expression(source).evaluate(Scope(names, START))


def list_urls(face: Face) -> list[object]:
    return [call.arguments["url"] for call in face.host.calls if call.action == "virustotal.url_report"]


@answers("CVE-2025-68613")
@pytest.mark.parametrize(
    "source",
    [
        "raw.constructor.constructor",
        "raw.__class__.__mro__",
        'raw["__class__"]',
        '"".__class__ == raw',
        '"{0.__class__}".format(raw)',
        "raw.title.__init__.__globals__",
        '__import__("os").system("id")',
        'open("/etc/passwd")',
        "raw.keys()",
        "(() => raw)()",
    ],
)
def test_an_expression_reaches_nothing_but_the_keys_of_data(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(source, raw={"title": "x"})


@answers("CVE-2021-21297")
def test_a_key_with_a_name_of_the_machinery_is_a_key() -> None:
    hostile: Mapping[str, Value] = {"__proto__": {"kind": "forged"}, "__class__": "forged"}
    assert evaluate('raw["__proto__"]["kind"]', raw=hostile) == "forged"
    for source in ("raw.kind", "raw.toString", "other.kind"):
        with pytest.raises(MissingError):
            evaluate(source, raw=hostile, other={})


@answers("CVE-2021-44657", "CVE-2020-11978")
async def test_what_an_alert_says_arrives_as_it_was_said(face: Face) -> None:
    said = ["${{ 7 * 7 }}", "{{ 7 * 7 }}", "{% include '/etc/passwd' %}", "#{7*7}", "$(id)", "`id`; rm -rf /", "-o@/x"]
    await face.report_mail(messages=said)
    assert list_urls(face) == said


@answers("CVE-2021-37914")
async def test_an_input_does_not_rewrite_the_playbook_that_takes_it(face: Face) -> None:
    ann = await face.person("ann")
    said = ["${{ secrets.probe_hook }}", "x\nsteps:\n  - uses: exchange.restore_messages"]
    answer = await ann.post("/playbooks/purge/runs", {"inputs": {"messages": said}})
    await face.settle()
    assert list_urls(face) == said
    run = (await ann.get(f"/runs/{answer.json['id']}")).json
    assert [step["id"] for step in run["steps"]] == ["links", "purge", "tell"]


@answers("CVE-2025-3248")
async def test_checking_a_document_runs_nothing_of_it(face: Face, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    text = f"""
name: ${{{{ open("{canary}", "w") }}}}
steps:
  - set: {{x: '${{{{ __import__("os").system("touch {canary}") }}}}'}}
"""
    sent = {"id": "hostile", "text": text}
    assert (await face.stranger.post("/playbooks/validate", sent)).status == 401
    answer = await (await face.person("ann")).post("/playbooks/validate", sent)
    assert (answer.status, answer.json["is_valid"]) == (200, False)
    assert not canary.exists()


@answers("CVE-2021-39132")
@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.system ['touch CANARY']", "!!javax.script.ScriptEngineManager []", "!ruby/x {}"]
)
def test_a_tag_makes_no_object(value: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    _, findings = read_document(f"name: {value.replace('CANARY', str(canary))}\n", "hostile.yaml")
    assert [finding.code for finding in findings] == ["P013"]
    assert not canary.exists()


@answers("CVE-2019-11253")
def test_a_small_document_does_not_grow() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    _, findings = read_document(f"l0: &l0 lol\n{levels}", "bomb.yaml")
    assert {finding.code for finding in findings} == {"P011"}


@answers("CVE-2020-11982")
async def test_a_pickle_is_bytes_that_are_no_json(face: Face, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    body = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    answer = await face.stranger.send("POST", "/hooks/probe", body, {"X-Signature": sign(body)})
    assert (answer.status, answer.code) == (422, "invalid_json")
    assert not canary.exists()


@answers("CVE-2025-24016")
async def test_an_object_that_names_a_class_stays_an_object(face: Face) -> None:
    named = {"__unhandled_exc__": {"__class__": "exit", "__args__": ["99"]}, "__reduce__": ["os.system", "id"]}
    answer = await face.report_mail(extra=named)
    detail = await (await face.person("ann")).get(f"/alerts/{answer.json['alert']}")
    assert detail.json["raw"]["extra"] == named


@answers("CVE-2023-36543")
@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(.*a){12}$"])
def test_a_pattern_takes_no_longer_than_its_text(pattern: str) -> None:
    assert evaluate(f'raw.matches("{pattern}")', raw=20_000 * "a" + "!") is False


@answers("CVE-2026-44937")
def test_a_pattern_never_comes_from_data() -> None:
    for source in ('"x".matches(raw)', '"x".matches("^" + raw)'):
        with pytest.raises(SyntaxFaultError):
            compile_expression(source)


@answers("CVE-2025-14822")
def test_work_runs_out() -> None:
    with pytest.raises(FuelError):
        evaluate("raw.all(a, raw.all(b, a + b >= 0))", raw=[*range(2_000)])


@answers("CVE-2026-44671")
@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("ldap(raw)", "\\2a\\29\\28uid=\\2a\\5c'\""),
        ("sql_like(raw)", "*)(uid=*\\\\''\""),
        ("odata(raw)", "*)(uid=*\\''\""),
        ("kql(raw)", "*)(uid=*\\\\\\'\\\""),
        ("jql(raw)", "*)(uid=*\\\\\\'\\\""),
    ],
)
def test_a_value_stays_within_its_place_in_a_query(source: str, quoted: str) -> None:
    assert evaluate(source, raw="*)(uid=*\\'\"") == quoted


@answers("CVE-2022-24124", "CVE-2024-42327")
async def test_a_filter_is_a_value_and_never_a_part_of_the_statement(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    ann = await face.person("ann")
    for hostile in ("' OR '1'='1", "purge' --", "purge%", "x'); DROP TABLE runs; --"):
        answer = await ann.get(f"/runs?playbook={hostile.replace('%', '%25')}")
        assert (answer.status, answer.json["items"]) == (200, []), hostile
    assert len((await ann.get("/runs?playbook=purge")).json["items"]) == 1


@answers("CVE-2026-46370")
async def test_nobody_chooses_a_column_to_sort_by(face: Face) -> None:
    root = await face.person("root")
    for parameter in ("sort=password_hash", "order_by=password_hash", "order=(select 1)", "fields=password_hash"):
        answer = await root.get(f"/users?{parameter}")
        assert (answer.status, answer.code) == (422, "invalid"), parameter
