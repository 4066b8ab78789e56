import asyncio
from pathlib import Path

import pytest

from soar.app.checks.check import Check
from soar.app.checks.facts import Process
from soar.app.doctor import doctor
from soar.app.people import create_people
from soar.app.settings import DatabaseSettings, Settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.model.identity import Role

GATED = """
name: Gated
on: {manual: {}}
steps:
  - {id: say, uses: chat.post, with: {channel: "#soc", text: hello}, approve: {by: [role:soc-lead, "user:ann"]}}
finally:
  - {id: end, uses: chat.post, with: {channel: "#soc", text: bye}, approve: {by: role:incident-commander}}
"""


def find(checks: list[Check], name: str) -> list[Check]:
    return [check for check in checks if check.name == name]


def populate(settings: Settings, *roles: Role) -> None:
    async def run() -> None:
        async with open_service(read_site(settings), "http://127.0.0.1") as service:
            await create_people(
                service.store,
                service.workspace,
                {role.value: role for role in roles},
                passwords=service.passwords,
                clock=service.clock,
                ids=service.ids,
                randomness=service.randomness,
            )

    asyncio.run(run())


def test_a_site_in_order_has_nothing_bad(settings: Settings, tmp_path: Path) -> None:
    populate(settings, Role.ADMIN)
    database = tmp_path / "data" / "soar.db"
    database.parent.mkdir()
    (tmp_path / "soar.db").rename(database)
    checks = doctor(settings.model_copy(update={"database": DatabaseSettings(url=f"sqlite:///{database}")}), Process())
    assert [check for check in checks if not check.is_good] == []
    names = {"vault key", "audit key", "address", "site files", "audit anchors", "site", "policy", "roles"}
    assert {check.name for check in checks} == {*names, "database", "sources"}


def test_missing_keys_are_bad_and_the_remedy_is_given(settings: Settings) -> None:
    settings.vault.key_file.unlink()
    settings.audit.key_file.unlink()
    checks = doctor(settings)
    for name, file in (("vault key", settings.vault.key_file), ("audit key", settings.audit.key_file)):
        (check,) = find(checks, name)
        assert (check.is_good, check.is_warning) == (False, False)
        assert str(file) in check.message
        assert "umask 077" in (check.hint or "")
    assert find(checks, "database") == []


def test_a_key_that_others_can_read_is_bad(settings: Settings) -> None:
    settings.vault.key_file.chmod(0o644)
    (check,) = find(doctor(settings), "vault key")
    assert not check.is_good
    assert "mode 0644" in check.message
    assert (check.hint or "").startswith("chmod 600 ")


def test_a_database_that_is_missing_is_not_made_by_looking(settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    (check,) = find(doctor(settings), "database")
    assert check.is_good
    assert "is made at the first start" in check.message
    assert sorted(tmp_path.rglob("*")) == before


def test_an_old_schema_is_bad(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "soar.db").touch()
    (check,) = find(doctor(settings), "database")
    assert (check.is_good, check.is_warning) == (False, False)
    assert "soar migrate" in check.message


def test_a_gate_that_nobody_can_pass_is_a_warning_also_in_the_last_list(settings: Settings) -> None:
    (settings.paths.playbooks / "gated.yaml").write_text(GATED, "utf-8")
    populate(settings, Role.SOC_LEAD)
    (check,) = find(doctor(settings), "approvers")
    assert (check.is_good, check.is_warning) == (False, True)
    assert check.message == "nobody holds the role incident-commander, and gates ask for it"


def test_a_gate_that_somebody_can_pass_is_good(settings: Settings) -> None:
    (settings.paths.playbooks / "gated.yaml").write_text(GATED, "utf-8")
    populate(settings, Role.SOC_LEAD, Role.INCIDENT_COMMANDER)
    assert find(doctor(settings), "approvers") == []


def test_a_bad_playbook_is_named(settings: Settings) -> None:
    file = settings.paths.playbooks / "bad.yaml"
    file.write_text("name: Bad\n", "utf-8")
    (check,) = find(doctor(settings), "playbook")
    assert (check.is_good, check.is_warning) == (False, False)
    assert check.message == "bad.yaml has errors"
    assert check.hint == f"soar playbook validate {file}"


def test_a_playbook_that_cannot_be_read_is_a_bad_one(settings: Settings) -> None:
    (settings.paths.playbooks / "odd.yaml").symlink_to("/proc/self/mem")
    (check,) = find(doctor(settings), "playbook")
    assert check.message == "odd.yaml has errors"


def test_a_bad_file_of_the_site_is_told_and_ends_the_look(settings: Settings) -> None:
    settings.paths.policy.write_text("gates: 1\n", "utf-8")
    last = doctor(settings)[-1]
    assert (last.name, last.is_good) == ("site", False)
    assert str(settings.paths.policy) in last.message


@pytest.mark.parametrize(
    ("listen", "url", "is_good"),
    [
        ("127.0.0.1:8600", "", True),
        ("[::1]:8600", "", True),
        ("localhost:8600", "", True),
        ("0.0.0.0:8600", "", False),
        ("soar.example:8600", "", False),
        ("0.0.0.0:8600", "http://soar.example", False),
        ("0.0.0.0:8600", "https://soar.example", True),
    ],
)
def test_an_address_without_tls_is_bad(settings: Settings, listen: str, url: str, *, is_good: bool) -> None:
    server = settings.server.model_copy(update={"listen": listen, "url": url})
    (check,) = find(doctor(settings.model_copy(update={"server": server})), "address")
    assert check.is_good is is_good
    assert check.is_bad is not is_good


def test_a_record_that_vouches_only_for_itself_is_a_warning(settings: Settings) -> None:
    audit = settings.audit.model_copy(update={"anchors": ()})
    (check,) = find(doctor(settings.model_copy(update={"audit": audit})), "audit anchors")
    assert check.is_warning
    assert "audit.anchors" in (check.hint or "")


def test_a_server_that_may_lose_what_it_acknowledged_is_bad(settings: Settings, postgres_url: str) -> None:
    shared = settings.model_copy(update={"database": DatabaseSettings(url=postgres_url)})
    checks = doctor(shared)
    assert [check.is_good for check in find(checks, "database")] == [False, False]
    assert ["full_page_writes" in check.message for check in find(checks, "database")] == [False, True]
    (check,) = find(checks, "url")
    assert check.is_warning
    assert "server.url" in (check.hint or "")


def test_a_server_that_is_not_there_is_bad(settings: Settings, tmp_path: Path) -> None:
    url = f"postgresql://postgres@/soar?host={tmp_path}"
    checks = doctor(settings.model_copy(update={"database": DatabaseSettings(url=url)}))
    (check,) = find(checks, "database")
    assert not check.is_good
    assert "not reached" in check.message


def test_a_database_across_a_network_without_a_proof_is_doubtful(settings: Settings) -> None:
    url = "postgresql://u:p@db.example/soar"
    settings.vault.key_file.unlink()  # so that nothing is opened
    checks = doctor(settings.model_copy(update={"database": DatabaseSettings(url=url)}))
    (check,) = find(checks, "database")
    assert (check.is_good, check.is_warning) == (False, True)
    assert "verify-full" in (check.hint or "")
