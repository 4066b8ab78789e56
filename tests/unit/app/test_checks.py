"""Configurations that cannot be trusted: each is refused at the start, and named by the doctor beforehand."""

import asyncio
import os
import re
import resource
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from soar.app.checks.check import Check, bad, doubtful, good, heed
from soar.app.checks.facts import Process, gather_facts, look_at_process
from soar.app.checks.place import check_places, check_process
from soar.app.checks.stored import HookKey, Stored, check_stored
from soar.app.doctor import check_settings, doctor
from soar.app.lifecycle import serve
from soar.app.settings import ServerSettings, Settings, build_settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.keyfile import create_key_file
from soar.model.audit import Actor
from soar.model.errors import InputError, NotFoundError
from soar.model.secret import Secret
from tests.support.randomness import SeededRandomness
from tests.support.repository import ROOT

SOURCE = "auth: {hmac: {header: X-Signature, secret: %s}}\nalert: {kind: raw.kind}\n"
SOUND = "q7Hf0sX2mZr9LkPw"
FREE = "gates:\n  - {name: free, when: 'true', require: none}\n"
WEAK = """
gates:
  - {name: weak, when: action.effect == "destructive", require: {by: role:analyst}}
"""

Change = Callable[[Path], Mapping[str, Any]]
"""Changes the site's files, and returns the settings that change."""


class Bad(NamedTuple):
    """A configuration that is refused."""

    name: str
    change: Change
    code: str
    hint: str


def write(name: str, text: str) -> Change:
    def change(folder: Path) -> Mapping[str, Any]:
        (folder / name).write_text(text, "utf-8")
        return {}

    return change


def open_up(name: str, mode: int) -> Change:
    def change(folder: Path) -> Mapping[str, Any]:
        (folder / name).touch()
        (folder / name).chmod(mode)
        return {}

    return change


def configure(**sections: Mapping[str, Any] | bool) -> Change:
    return lambda _: sections


def replace_by_folder(folder: Path) -> Mapping[str, Any]:
    (folder / "audit.key").unlink()
    (folder / "audit.key").mkdir()
    return {}


def use_one_key_twice(folder: Path) -> Mapping[str, Any]:
    shutil.copy(folder / "vault.key", folder / "audit.key")
    return {}


def reuse_a_later_key(folder: Path) -> Mapping[str, Any]:
    shutil.copy(folder / "audit.key", folder / "vault.key.2026")
    return {}


def use_one_file_twice(folder: Path) -> Mapping[str, Any]:
    return {"audit": {"key_file": folder / "vault.key"}}


def put_key_among(name: str) -> Change:
    def change(folder: Path) -> Mapping[str, Any]:
        create_key_file(folder / name / "vault.key", SeededRandomness(3))
        return {"vault": {"key_file": folder / name / "vault.key"}}

    return change


def open_key_folder(folder: Path) -> Mapping[str, Any]:
    (folder / "keys").mkdir()
    create_key_file(folder / "keys" / "audit.key", SeededRandomness(3))
    (folder / "keys").chmod(0o777)
    return {"audit": {"key_file": folder / "keys" / "audit.key"}}


def let_credentials_name_keys(folder: Path) -> Mapping[str, Any]:
    return {"vault": {"references": {"folders": (folder,)}}}


def let_credentials_be_written(folder: Path) -> Mapping[str, Any]:
    (folder / "lent").mkdir()
    (folder / "lent").chmod(0o777)
    return {"vault": {"references": {"folders": (folder / "lent",)}}}


def show_token(folder: Path) -> Mapping[str, Any]:
    (folder / "token").write_text("hvs.x", "utf-8")
    (folder / "token").chmod(0o640)
    return {"vault": {"transit": {"url": "https://keys.example", "token_file": folder / "token"}}}


def keep_database_in_the_open(folder: Path) -> Mapping[str, Any]:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)
    return {"database": {"url": f"sqlite:///{folder / 'data' / 'soar.db'}"}}


def sign_on(**changes: object) -> Change:
    usual = {"issuer": "https://login.example", "client_id": "soar", "roles": {"soc": "analyst"}}
    return configure(sign_on={**usual, **changes})


def server(**changes: object) -> Change:
    return configure(server=changes)


def role(name: str, *permissions: str) -> Change:
    return write("roles.yaml", f"roles: {{{name}: [{', '.join(permissions)}]}}\n")


def hook(*keys: str) -> Change:
    """Give each of so many sources a key of its own name."""

    def change(folder: Path) -> Mapping[str, Any]:
        for number, _ in enumerate(keys):
            (folder / "sources" / f"probe{number}.yaml").write_text(SOURCE % f"hook{number}", "utf-8")
        return {"keys": keys}

    return change


CONFIGURATIONS = (
    Bad("no vault key", lambda f: (f / "vault.key").unlink() or {}, "key_file_missing", "umask 077"),
    Bad("no audit key", lambda f: (f / "audit.key").unlink() or {}, "key_file_missing", "umask 077"),
    Bad("an empty vault key", write("vault.key", ""), "key_file_malformed", "restore it"),
    Bad("an empty audit key", write("audit.key", ""), "key_file_malformed", "restore it"),
    Bad("a short vault key", write("vault.key", "c2hvcnQ=\n"), "key_file_malformed", "restore it"),
    Bad("a short audit key", write("audit.key", "c2hvcnQ=\n"), "key_file_malformed", "restore it"),
    Bad("a vault key of nothing", write("vault.key", "A" * 43 + "="), "key_weak", "make a key"),
    Bad("an audit key of one letter", write("audit.key", "YWFh" * 10 + "YWE="), "key_weak", "make a key"),
    Bad("a vault key for everybody", open_up("vault.key", 0o644), "key_file_insecure", "chmod 600"),
    Bad("an audit key for a group", open_up("audit.key", 0o640), "key_file_insecure", "chmod 600"),
    Bad("a folder as a key", replace_by_folder, "key_file_malformed", "the key file itself"),
    Bad("one key for both", use_one_key_twice, "key_shared", "make a key"),
    Bad("one file for both", use_one_file_twice, "key_shared", "make a key"),
    Bad("the audit's key as a later one", reuse_a_later_key, "key_shared", "make a key"),
    Bad("a key among the playbooks", put_key_among("playbooks"), "key_misplaced", "folder of its own"),
    Bad("a key among the connectors", put_key_among("connectors"), "key_misplaced", "folder of its own"),
    Bad("a key in an open folder", open_key_folder, "key_folder_open", "chmod o-w"),
    Bad("a key that credentials may name", let_credentials_name_keys, "key_referable", "vault.references.folders"),
    Bad(
        "a variable that credentials may name",
        configure(vault={"environment": ("SOAR_KEK",), "references": {"environment": ("SOAR_KEK",)}}),
        "key_referable",
        "vault.references.environment",
    ),
    Bad("credentials anybody may write", let_credentials_be_written, "site_open", "chmod o-w"),
    Bad("a token that others can read", show_token, "secret_file_open", "chmod 600"),
    Bad(
        "keys over plain HTTP",
        configure(vault={"transit": {"url": "http://keys.example", "is_private": True}}),
        "plain_vault",
        "write https",
    ),
    Bad(
        "credentials over plain HTTP",
        configure(vault={"references": {"server": {"url": "http://keys.example", "is_private": True}}}),
        "plain_vault",
        "write https",
    ),
    Bad("a public address without TLS", server(listen="0.0.0.0:0"), "plain_address", "TLS proxy"),
    Bad("a public IPv6 address without TLS", server(listen="[::]:0"), "plain_address", "TLS proxy"),
    Bad("a name without TLS", server(listen="soar.example:0"), "plain_address", "TLS proxy"),
    Bad(
        "a public address with a plain one in front",
        server(listen="0.0.0.0:0", url="http://soar.example"),
        "plain_address",
        "TLS proxy",
    ),
    Bad("a proxy without TLS", server(listen="127.0.0.1:0", url="http://soar.example"), "plain_url", "https"),
    Bad("an address without a scheme", server(url="soar.example"), "url_malformed", "write https"),
    Bad("an address of another scheme", server(url="ftp://soar.example"), "url_malformed", "write https"),
    Bad("an address with a password", server(url="https://a:b@soar.example"), "url_malformed", "write https"),
    Bad("an address with a path", server(url="https://soar.example/x"), "url_malformed", "write https"),
    Bad("an identity provider over HTTP", sign_on(issuer="http://login.example"), "sign_on.invalid", "correct"),
    Bad("an identity provider that knows no client", sign_on(client_id=""), "sign_on.invalid", "correct"),
    Bad("a login without a signed token", sign_on(scopes=("profile",)), "sign_on.invalid", "correct"),
    Bad("a group with a role that is not there", sign_on(roles={"soc": "king"}), "sign_on.invalid", "correct"),
    Bad("a database for everybody", open_up("soar.db", 0o644), "database_open", "chmod 600"),
    Bad("a write-ahead log for everybody", open_up("soar.db-wal", 0o604), "database_open", "chmod 600"),
    Bad("a database in an open folder", keep_database_in_the_open, "database_folder_open", "chmod o-w"),
    Bad("a database in memory", configure(database={"url": "sqlite://"}), "database_fleeting", "name a file"),
    Bad("an open playbook", open_up("playbooks/tried.yaml", 0o666), "site_open", "chmod o-w"),
    Bad("an open folder of connectors", open_up("connectors", 0o777), "site_open", "chmod o-w"),
    Bad("an open policy", open_up("policy.yaml", 0o602), "site_open", "chmod o-w"),
    Bad("an open table of roles", open_up("roles.yaml", 0o666), "site_open", "chmod o-w"),
    Bad("a source without a key", write("sources/probe.yaml", "alert: {}\n"), "source.invalid", "correct"),
    Bad("a source with nothing to show", write("sources/probe.yaml", "auth: {}\nalert: {}\n"), "source.invalid", ""),
    Bad("a short hook key", hook("elevenbytes"), "hook_key_short", "soar secret set hook0"),
    Bad("a hook key of one letter", hook("a" * 40), "hook_key_guessable", "soar secret set hook0"),
    Bad("a hook key from a guide", hook("ChangeMe-0123456789"), "hook_key_guessable", "soar secret set hook0"),
    Bad("one hook key for two", hook(SOUND, SOUND), "hook_key_shared", "soar secret set hook1"),
    Bad("an admin who votes", role("admin", "approval:vote"), "invalid", "pointers"),
    Bad("an auditor who acts", role("auditor", "playbook:run"), "invalid", "pointers"),
    Bad("a voter who hands out roles", role("boss", "approval:vote", "user:write"), "roles_mixed", "role boss"),
    Bad("a voter who provisions", role("boss", "approval:vote", "scim:write"), "roles_mixed", "role boss"),
    Bad("a policy that asks nobody", write("policy.yaml", "gates: []\n"), "policy_lowers", "gate-destructive"),
    Bad("a policy that frees all", write("policy.yaml", FREE), "policy_lowers", "gate-destructive"),
    Bad("a policy that asks for less", write("policy.yaml", WEAK), "policy_lowers", "gate-destructive"),
    Bad("silence that approves", write("policy.yaml", "silence: allow\n"), "invalid_policy", "correct it"),
    Bad("the settings of the demo", configure(is_demo=True), "demo_served", "soar demo"),
)


def make(settings: Settings, folder: Path, change: Change) -> Settings:
    """Return the settings after a change, with the keys of the sources set."""
    changes = dict(change(folder))
    keys = changes.pop("keys", ())
    plain = {name: value for name, value in settings if name not in changes}
    for section, changed in changes.items():
        before = getattr(settings, section)
        plain[section] = {**dict(before), **changed} if isinstance(changed, Mapping) else changed
    made = build_settings(plain)
    if keys:
        asyncio.run(set_keys(made, keys))
    return made


async def set_keys(settings: Settings, keys: tuple[str, ...]) -> None:
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        for number, key in enumerate(keys):
            await service.vault.set_credential(
                service.workspace,
                f"hook{number}",
                Secret(key),
                actor=Actor(kind="system", id="setup"),
                now=service.clock.now(),
            )


@pytest.mark.parametrize("case", CONFIGURATIONS, ids=lambda case: case.name)
def test_what_cannot_be_trusted_is_refused_with_its_remedy(case: Bad, settings: Settings, tmp_path: Path) -> None:
    made = make(settings, tmp_path, case.change)
    told = [check for check in doctor(made, Process()) if check.is_bad]
    assert case.code in {check.code for check in told}
    with pytest.raises(InputError) as caught:
        serve(made)
    assert caught.value.code == case.code
    assert case.hint in (caught.value.hint or "")
    assert (caught.value.message, caught.value.hint) in {(check.message, check.hint) for check in told}
    assert not (tmp_path / "first-admin.invitation").exists()


def test_a_sound_site_is_told_apart_from_all_of_them(settings: Settings, tmp_path: Path) -> None:
    made = make(settings, tmp_path, hook(SOUND, SOUND[::-1]))
    assert [check for check in doctor(made, Process()) if check.is_bad] == []


@pytest.mark.parametrize(
    ("process", "code", "hint"),
    [
        (Process(debug="PYTHONASYNCIODEBUG"), "debug_on", "without PYTHONASYNCIODEBUG"),
        (Process(debug="Python's development mode"), "debug_on", "without Python's development mode"),
        (Process(key_log="/var/log/keys"), "tls_keys_logged", "SSLKEYLOGFILE"),
    ],
)
def test_a_process_that_gives_things_away_is_bad(process: Process, code: str, hint: str) -> None:
    (check,) = check_process(process)
    assert (check.is_bad, check.code) == (True, code)
    assert hint in (check.hint or "")


def test_a_process_is_seen_as_it_is() -> None:
    process = look_at_process({"PYTHONASYNCIODEBUG": "1", "SSLKEYLOGFILE": "/var/log/keys"})
    assert process.debug
    assert process.key_log == "/var/log/keys"
    assert process.is_root == (os.geteuid() == 0)
    assert process.has_core_dumps == (resource.getrlimit(resource.RLIMIT_CORE)[0] != 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (configure(log={"level": "debug"}), "log_debug"),
        (configure(config={"api_key": "x"}), "config_secret"),
        (configure(worker={"health": "0.0.0.0:8601"}), "health_exposed"),
        (configure(audit={"anchors": ()}), "anchors_missing"),
        (server(listen="127.0.0.1:0", url="https://soar.example"), "origin_shared"),
        (open_up("soar.db", 0o640), "database_shared"),
        (configure(), "key_beside_database"),
    ],
)
def test_what_works_and_is_doubtful_is_told_and_refuses_nothing(
    settings: Settings, tmp_path: Path, change: Change, code: str
) -> None:
    checks = doctor(make(settings, tmp_path, change), Process())
    assert code in {check.code for check in checks if check.is_warning}


def test_a_process_that_may_leak_is_doubtful(settings: Settings) -> None:
    facts = gather_facts(settings, Process(has_core_dumps=True, is_root=True))
    assert {"core_dumps", "root"} <= {check.code for check in check_places(facts) if check.is_warning}


@pytest.mark.parametrize(("behind", "is_told"), [(timedelta(seconds=59), False), (timedelta(minutes=2), True)])
def test_a_clock_behind_the_record_is_doubtful(behind: timedelta, *, is_told: bool) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    checks = list(check_stored(Stored((), now + behind, now)))
    assert [check.code for check in checks if check.is_warning] == (["clock_behind"] if is_told else [])


def test_a_source_whose_key_is_not_set_yet_does_not_keep_the_service_down(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "sources" / "probe.yaml").write_text(SOURCE % "hook0", "utf-8")

    async def look() -> list[str]:
        async with open_service(read_site(settings), "http://127.0.0.1"):
            pass
        return []

    asyncio.run(look())
    (check,) = [check for check in doctor(settings, Process()) if check.name == "sources"]
    assert (check.is_warning, check.code) == (True, "hook_key_missing")


def test_sources_that_wait_for_their_keys_are_told_in_one_line() -> None:
    missing = tuple(HookKey(f"s{number}", f"k{number}", fault=NotFoundError("none")) for number in range(10))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    (check,) = check_stored(Stored((*missing, HookKey("good", "k", "f", 32)), None, now))
    assert (check.is_warning, check.code) == (True, "hook_keys_missing")
    assert (
        check.message
        == "10 sources can send nothing, as their keys are not set: s0, s1, s2, s3, s4, s5, s6, s7 and 2 more"
    )


def test_all_that_is_bad_is_said_at_once_and_what_is_doubtful_is_logged() -> None:
    checks = (
        good("fine", name="a"),
        doubtful("odd", name="b", code="odd", hint="look"),
        bad("wrong", name="c", code="wrong", hint="mend"),
        bad("worse", name="d", code="worse", hint="stop"),
    )
    with structlog.testing.capture_logs() as logged, pytest.raises(InputError) as caught:
        heed(checks)
    assert [(entry["event"], entry["code"]) for entry in logged] == [("odd", "odd")]
    assert (caught.value.message, caught.value.code, caught.value.hint) == ("wrong", "wrong", "mend")
    assert [fault.message for fault in caught.value.faults] == ["worse; stop"]


def test_the_image_serves_once_it_is_told_its_https_address(settings: Settings) -> None:
    (listen,) = re.findall(r"SOAR_SERVER__LISTEN=(\S+)", (ROOT / "Dockerfile").read_text("utf-8"))

    def look(url: str) -> Check:
        changed = settings.model_copy(update={"server": ServerSettings(listen=listen, url=url)})
        return next(check for check in check_settings(changed) if check.name == "address")

    assert look("").code == "plain_address"
    assert "SOAR_SERVER__URL" in (look("").hint or "")
    assert look("https://soar.example").is_good
