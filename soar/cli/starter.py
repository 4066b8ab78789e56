"""What `soar playbook new` writes: a small playbook that is finished, and its tests."""

import os
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import assert_never

from soar.app.site import read_site
from soar.cli.options import Origin
from soar.cli.site import find_settings, replace_file
from soar.model.errors import ConflictError, InputError
from soar.playbook.words import PLAYBOOK_ID
from soar.rehearsal.rehearse import SUFFIX

SCHEMA = Path(".soar/playbook.schema.json")
"""Where editors find the schema of playbooks, by the folder that commands are started in."""

_SUFFIX = ".yaml"
_PLAYBOOK = Template("""\
# yaml-language-server: $$schema=$schema
name: $name
description: Ask an analyst, then tell the room. Say here what starts this, what it decides and what it changes.
owner: team:soc

on:
$trigger

inputs:
$inputs

steps:
  - id: tell
    name: Tell the room
    uses: chat.post
    with:
      channel: "#soc"
      text: $${{ inputs.subject }} was looked at, and an analyst wants everybody to know.
    approve:
      by: role:analyst
      reason: Everybody should know that somebody looked at $${{ inputs.subject }}.
      impact: "Everybody in #soc reads it."
      timeout: 30m
      on_deny: continue

outputs:
  told: $${{ steps.tell.status == "succeeded" }}
""")
_BY_HAND = "  manual: {}"
_BY_CLOCK = """\
  schedule:
    cron: "0 7 * * 1-5"
    timezone: UTC
  manual: {}"""
_BY_ALERT = Template("""\
  alert:
$source    match: alert.severity in ["high", "critical"]
  manual: {}""")
_GIVEN = """\
  subject:
    type: string
    description: What this is about, in a few words."""
_FROM_ALERT = """\
  subject:
    type: string
    from: alert.title
    default: Started by hand
    description: What this is about, in a few words."""
_TESTS = Template("""\
playbook: $id
clock: 2026-11-21T09:00:00Z

${alerts}mocks:
  chat.post: {output: {message: m1}}

tests:
  - name: the room is told after a yes
    $start
    approvals:
      tell: {approve: bob, roles: [analyst]}
    expect:
      status: succeeded
      outputs: {told: true}
      calls:
        - action: chat.post
          times: 1
          with: {channel: "#soc"}

  - name: a no keeps it quiet
    $start
    approvals:
      tell: {deny: bob, roles: [analyst]}
    expect:
      status: succeeded
      steps: {tell: denied}
      outputs: {told: false}
      never: [chat.post]

  - name: silence is a no
    $start
    approvals:
      tell: {timeout: true}
    expect:
      status: succeeded
      steps: {tell: denied}
      never: [chat.post]
""")
_ALERTS = Template("""\
alerts:
  seen:
    source: $source
    kind: generic.alert
    title: Something was seen
    severity: high
    raw: {}

""")


@dataclass(frozen=True, slots=True)
class Pair:
    """A playbook's file and the one of its tests, with what they are to say."""

    playbook: Path
    text: str
    tests: Path
    tests_text: str


def draft_playbook(playbook_id: str, origin: Origin, source: str | None, config: Path | None) -> Pair:
    """Return a new playbook; nothing is written.

    Args:
        playbook_id: in kebab-case.
        origin: what starts it.
        source: id of the source whose alerts start it; None means any.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        InputError: the id is none, there is no such source, or the site's own files do not fit.
    """
    if source is not None and origin is not Origin.ALERT:
        raise InputError("--source goes with --from alert", code="usage")
    if not PLAYBOOK_ID.fullmatch(playbook_id):
        hint = "write lower case letters and digits, joined by hyphens, such as block-sender"
        raise InputError(f"{playbook_id} is no playbook id", code="playbook_id", hint=hint)
    settings = find_settings(config)
    folder = settings.paths.playbooks
    sources = read_site(settings).sources if source is not None else {}
    if source is not None and source not in sources:
        raise InputError(f"there is no source {source}", code="source", hint=f"there are {', '.join(sources)}")
    text = _write_playbook(playbook_id, origin, source, os.path.relpath(SCHEMA, folder))
    file = folder / f"{playbook_id}{_SUFFIX}"
    return Pair(file, text, folder / f"{playbook_id}{SUFFIX}", _write_tests(playbook_id, origin, source))


def write_pair(pair: Pair, *, may_replace: bool) -> None:
    """Write a playbook and its tests.

    Raises:
        ConflictError: one of the files is there, and may not be replaced.
        InputError: one cannot be written.
    """
    for file in (pair.playbook, pair.tests):
        if file.exists() and not may_replace:
            raise ConflictError(f"{file} is there already", hint="choose another id, or replace it with --force")
    pair.playbook.parent.mkdir(parents=True, exist_ok=True)
    for file, text in ((pair.playbook, pair.text), (pair.tests, pair.tests_text)):
        replace_file(file, text)


def _write_playbook(playbook_id: str, origin: Origin, source: str | None, schema: str) -> str:
    match origin:
        case Origin.ALERT:
            trigger = _BY_ALERT.substitute(source=f"    source: {source}\n" if source else "")
            inputs = _FROM_ALERT
        case Origin.SCHEDULE:
            trigger, inputs = _BY_CLOCK, f"{_GIVEN}\n    default: The daily round"
        case Origin.MANUAL:
            trigger, inputs = _BY_HAND, _GIVEN
        case _:
            assert_never(origin)
    name = playbook_id.replace("-", " ").capitalize()
    return _PLAYBOOK.substitute(name=name, schema=schema, trigger=trigger, inputs=inputs)


def _write_tests(playbook_id: str, origin: Origin, source: str | None) -> str:
    match origin:
        case Origin.ALERT:
            alerts, start = _ALERTS.substitute(source=source or "generic"), "alert: seen"
        case Origin.MANUAL | Origin.SCHEDULE:
            alerts, start = "", "start: {manual: {by: ann, roles: [analyst], inputs: {subject: Odd sign-ins}}}"
        case _:
            assert_never(origin)
    return _TESTS.substitute(id=playbook_id, alerts=alerts, start=start)
