"""`soar alert`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from soar.cli.answer import Answer
from soar.cli.backfill import Filled, Order, run_backfill
from soar.cli.client import Client, connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, count, cut, describe_moment, mark, show, show_answer, show_json, show_list
from soar.model.errors import InputError, NotFoundError
from soar.model.run import Mode
from soar.model.values import JsonValue

commands = group(
    "Send alerts, and see what became of them.",
    "soar alert send phish-report examples/phishing.json",
    "soar alert list --severity high",
    "soar alert show al_7k2m9q4wz1xt",
    "soar alert why @last",
    "soar alert replay --since 7d --playbook phishing-triage",
)

_STDIN = "-"
_WIDEST_ENTITIES = 200
_SEVERITY_STYLES = {"critical": "red", "high": "red", "medium": "yellow"}


@commands.command(
    help=guide(
        "Send an alert as its source would; with --check nothing is kept and nothing starts.",
        "soar alert send phish-report examples/phishing.json",
        "soar alert send wazuh alert.json --check",
        "jq .alert log.json | soar alert send wazuh -",
    )
)
def send(
    source: Annotated[str, typer.Argument(help="The source whose mapping reads it; `soar source list` has them.")],
    file: Annotated[str, typer.Argument(help="A file with one JSON object, or - for standard input.")],
    is_check: Annotated[bool, typer.Option("--check", help="Only say which playbooks would take it, and why.")] = False,
    is_json: Json = False,
) -> None:
    """Post an alert, or ask what it would do."""
    alert = _read_alert(file)
    client = connect()
    if is_check:
        _show_check(client, source, alert, is_json=is_json)
        return
    receipt = client.post("alerts", body={"source": source, "alert": alert})
    kept, earlier = receipt.text("alert"), receipt.text("duplicate_of")
    told = f"{mark('duplicate')} the same as {earlier}, which is kept" if earlier else f"✔ {kept} is kept"
    show_answer(receipt, told, f"next: soar alert show {earlier or kept}", is_json=is_json)


@commands.command(
    help=guide(
        "Say what an alert would become and which playbooks would take it; nothing is kept.",
        "soar alert check alert.json --source wazuh",
        "jq .alert log.json | soar alert check - --source wazuh",
    )
)
def check(
    file: Annotated[str, typer.Argument(help="A file with one JSON object, or - for standard input.")],
    source: Annotated[str, typer.Option(help="The source whose mapping reads it.")],
    is_json: Json = False,
) -> None:
    """Ask what an alert would do."""
    _show_check(connect(), source, _read_alert(file), is_json=is_json)


def _show_check(client: Client, source: str, alert: JsonValue, *, is_json: bool) -> None:
    checked = client.send("POST", f"/hooks/{quote(source, safe='')}/check", body=alert).answer
    lines = [
        line for each in checked.parts("alerts") for line in (*_tell_rule(each), *_describe_why(each.parts("why")))
    ]
    show_answer(checked, *lines, is_json=is_json)


@commands.command(
    help=guide(
        "Say of each playbook of today whether it takes an alert, and which part of its `match` said no.",
        "soar alert why @last",
        "soar alert why al_7k2m9q4wz1xt --playbook phishing-triage",
    )
)
def why(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="An alert's id, or @last.")],
    playbook: Annotated[str | None, typer.Option(help="Only this playbook.")] = None,
    is_json: Json = False,
) -> None:
    """Explain one alert."""
    client = connect()
    alert = client.get("alerts", _find_last(client) if alert_id == "@last" else alert_id)
    said = [one for one in alert.parts("why") if playbook in (None, one.text("playbook"))]
    if playbook is not None and not said:
        raise NotFoundError(f"no playbook {playbook} takes alerts here", hint="`soar playbook list` shows them")
    if is_json:
        show_json([one.raw for one in said])
    else:
        show(*_tell_rule(alert), *_describe_why(said))


@commands.command(
    help=guide(
        "Send an alert's bytes through its source again; or give the alerts of a time to a playbook, in shadow.",
        "soar alert replay al_7k2m9q4wz1xt",
        "soar alert replay --since 7d --playbook phishing-triage",
        "soar alert replay --since 12h --until 2h --playbook block-ip --mode supervised --limit 50",
    )
)
def replay(
    alert_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="An alert's id, or @last; none with --since.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="The first moment: how long ago, or when.")] = None,
    until: Annotated[str, typer.Option(help="The moment after the last.")] = "0s",
    playbook: Annotated[str | None, typer.Option(help="Which playbook is given the alerts.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="How it acts; its own mode holds where that is more careful.")
    ] = Mode.SHADOW,
    limit: Annotated[int | None, typer.Option(min=1, help="Start so many runs at most.")] = None,
    is_json: Json = False,
) -> None:
    """Do again what alerts did, or what they would have done."""
    client = connect()
    if alert_id is not None and since is None and playbook is None:
        found = _find_last(client) if alert_id == "@last" else alert_id
        replayed = client.post("alerts", found, "replay", body={})
        kept = [each.text("alert") for each in replayed.parts("alerts")]
        show_answer(
            replayed, *(f"✔ {one} is kept" for one in kept), f"next: soar alert why {kept[-1]}", is_json=is_json
        )
        return
    if alert_id is not None or since is None or playbook is None:
        raise InputError("name one alert, or --since and --playbook", hint="soar alert replay --since 7d --playbook ID")
    order = Order(playbook=playbook, since=since, until=until, mode=mode, limit=limit)
    filled = run_backfill(client, order)
    if is_json:
        show_json(filled.to_json())
    else:
        show(*_tell_filled(filled, order))


def _tell_filled(filled: Filled, order: Order) -> Iterator[Line]:
    parts = (count(filled.seen, "alert"), f"{filled.known:,} dealt with before", count(len(filled.runs), "run"))
    yield Line(f"✔ {' · '.join(parts)} of {order.playbook}, {filled.mode}")
    if not filled.is_whole:
        yield Line("there are more alerts; the same again goes on with them")
    if filled.runs:
        yield Line(f"next: soar run list --playbook {order.playbook}")


@commands.command(
    "list",
    help=guide(
        "List alerts, newest first.",
        "soar alert list",
        "soar alert list --source wazuh",
        "soar alert list --suppressed",
    ),
)
def list_alerts(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    severity: Annotated[str | None, typer.Option(help="Only of this severity.")] = None,
    is_suppressed: Annotated[
        bool | None, typer.Option("--suppressed/--not-suppressed", help="Only what a rule suppresses, or the rest.")
    ] = None,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show what came in."""
    client = connect()
    suppressed = None if is_suppressed is None else str(is_suppressed).lower()
    query = {"source": source, "severity": severity, "suppressed": suppressed, "limit": str(limit)}
    page = client.get("alerts", query=query)
    rows = (
        (
            alert.text("id"),
            describe_moment(alert.moment("received_at")),
            alert.text("severity"),
            alert.text("source"),
            alert.text("title"),
            _describe_matches(alert),
        )
        for alert in page.parts("items")
    )
    if show_list(page, is_json, ("ALERT", "RECEIVED", "SEVERITY", "SOURCE", "TITLE", "WHAT HAPPENED"), rows):
        _explain_none(client, is_filtered=bool(source or severity or suppressed))


@commands.command(
    "show",
    help=guide(
        "Show an alert, and why playbooks took it or not.",
        "soar alert show @last",
        "soar alert show al_7k2m9q4wz1xt --ocsf",
    ),
)
def show_alert(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="An alert's id, or @last.")],
    is_ocsf: Annotated[bool, typer.Option("--ocsf", help="As an OCSF Detection Finding, in JSON.")] = False,
    is_json: Json = False,
) -> None:
    """Show one alert."""
    client = connect()
    meant = _find_last(client) if alert_id == "@last" else alert_id
    if is_ocsf:
        show_answer(client.get("alerts", meant, "ocsf"), is_json=True)
        return
    alert = client.get("alerts", meant)
    show_answer(alert, *_tell_alert(alert), is_json=is_json)


def _tell_alert(alert: Answer) -> Iterator[Line]:
    severity = alert.text("severity")
    received = describe_moment(alert.moment("received_at"))
    yield Line(f"{alert.text('id')}  {alert.text('title')}", "bold")
    yield Line(
        f"{severity} · {alert.text('kind')} · from {alert.text('source')} · {received}",
        _SEVERITY_STYLES.get(severity, ""),
    )
    entities = alert.part("entities")
    scopes = {one.text("value"): one.text("scope") for one in alert.parts("observables")}
    for kind in entities.raw:
        told = ", ".join(_mark_scope(text, scopes.get(text, "")) for text in entities.texts(kind))
        yield Line(f"  {kind}: {cut(told, _WIDEST_ENTITIES)}")
    yield from _tell_burst(alert)
    yield from _tell_rule(alert)
    yield Line(f"what happened: {_describe_matches(alert)}")
    yield from _describe_why(alert.parts("why"))
    for match in alert.parts("matches"):
        if match.text("run"):
            yield Line(f"next: soar run show {match.text('run')}")


def _tell_burst(alert: Answer) -> Iterator[Line]:
    burst = alert.part("burst")
    if burst.number("count") > 1:
        kept = count(len(alert.parts("samples")), "sample")
        last = describe_moment(burst.moment("last_at"))
        yield Line(f"came {burst.number('count'):,} times, the last one {last}; {kept} kept", "yellow")


def _tell_rule(alert: Answer) -> Iterator[Line]:
    if alert.text("suppressed_by"):
        yield Line(f"suppressed by {alert.text('suppressed_by')}: it starts nothing; soar suppress list", "yellow")


def _mark_scope(text: str, scope: str) -> str:
    return f"{text} ({scope})" if scope in ("private", "reserved") else text


def _read_alert(file: str) -> JsonValue:
    try:
        text = sys.stdin.read() if file == _STDIN else Path(file).read_text("utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", hint="name a file, or - for stdin") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 at byte {error.start}", hint="save it as UTF-8") from error
    try:
        alert: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{file} is no JSON at {where}: {error.msg}", hint="send one JSON object") from error
    except RecursionError as error:
        raise InputError(f"{file} is nested too deep", hint="send it as its source would") from error
    if not isinstance(alert, dict):
        raise InputError(f"{file} holds no JSON object", hint="send one alert, as its source would")
    return alert


def _find_last(client: Client) -> str:
    newest = client.get("alerts", query={"limit": "1"}).parts("items")
    if not newest:
        raise InputError("there is no alert yet", hint="soar alert send SOURCE FILE")
    return newest[0].text("id")


def _describe_matches(alert: Answer) -> str:
    told = [
        " ".join(
            filter(None, (match.text("relation"), match.text("playbook"), match.text("run"), match.text("reason")))
        )
        for match in alert.parts("matches")
    ]
    rule = alert.text("suppressed_by")
    return "; ".join(told) or (f"suppressed by {rule}" if rule else "no playbook took it")


def _describe_why(why: list[Answer]) -> list[Line]:
    """Say of each playbook whether it takes the alert, and which part of its condition decided."""
    lines: list[Line] = []
    for one in why:
        is_match = one.flag("is_match")
        style = "green" if is_match else ""
        lines.append(Line(f"{'✔ takes it  ' if is_match else '✖ does not  '} {one.text('playbook')}", style))
        lines += [
            Line(f"      {condition.text('source')}  is {condition.text('value')}")
            for condition in one.parts("conditions")
            if condition.flag("is_deciding") or is_match
        ]
    return lines or [Line("there is no playbook for alerts of this source"), Line("next: soar playbook list")]


def _explain_none(client: Client, *, is_filtered: bool) -> None:
    if is_filtered:
        show("No such alert. Ask without --source and --severity.")
        return
    first = client.get("now").part("first_alert").text("cli")
    show("No alerts yet. A source sends them, or you do:", f"next: {first or 'soar alert send SOURCE FILE'}")
