import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from soar.model.errors import BugError, InputError, NotFoundError, UnavailableError
from soar.model.secret import Secret
from soar.store import Store, Unit
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds
from tests.support.vault import VALUE, VaultParts, open_vault


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> VaultParts:
    return open_vault(store, tmp_path / "kek")


async def tamper(store: Store, statement: str) -> None:
    changed = await store.write("w", lambda unit: unit._connection.execute(text(statement)).rowcount)
    assert changed > 0


async def test_a_credential_is_resolved_after_a_restart(store: Store, parts: VaultParts, tmp_path: Path) -> None:
    await parts.set()
    assert await open_vault(store, tmp_path / "kek").resolve() == VALUE


async def test_setting_it_again_makes_a_new_version(store: Store, parts: VaultParts) -> None:
    first = await parts.set()
    second = await parts.set("another value", hosts=["edr.test"])
    assert (first.version, second.version) == (1, 2)
    assert await parts.resolve() == "another value"
    assert await store.read("w", parts.vault.list) == (second,)


async def resolve_all(parts: VaultParts, after: timedelta) -> list[str]:
    return [secret.reveal() for secret in await parts.vault.resolve_all("w", "edr_token", START + after)]


async def replace_within(parts: VaultParts, value: str, *, hours: int) -> None:
    until = START + timedelta(hours=hours)
    await parts.vault.set_credential(
        "w", "edr_token", Secret(value), actor=build_actor(), now=START, former_until=until
    )


async def test_the_version_before_is_good_as_long_as_whoever_replaced_it_says(store: Store, parts: VaultParts) -> None:
    await replace_within(parts, "the first value", hours=1)
    assert await resolve_all(parts, timedelta()) == ["the first value"]
    await replace_within(parts, "the second value", hours=1)
    for after, good in (
        (timedelta(), ["the second value", "the first value"]),
        (timedelta(minutes=59), ["the second value", "the first value"]),
        (timedelta(hours=1), ["the second value"]),
    ):
        assert await resolve_all(parts, after) == good
    await parts.rotation.rotate("w", None, actor=build_actor(), now=START)
    await parts.rewrapper.rewrap("w")
    assert await resolve_all(parts, timedelta()) == ["the second value", "the first value"]
    await parts.set("the third value")
    assert await resolve_all(parts, timedelta()) == ["the third value"]
    assert await parts.resolve() == "the third value"


async def test_the_record_says_until_when_the_version_before_is_good_and_that_the_newest_is_used(
    store: Store, parts: VaultParts
) -> None:
    await parts.set("the first value")
    await replace_within(parts, "the second value", hours=1)
    await resolve_all(parts, timedelta())
    _, changed, used = (entry.document for entry in await store.read("w", lambda unit: unit.audit.range(0, 10)))
    fingerprint = parts.vault.take_fingerprint(Secret("the second value"))
    until = "2026-03-01T10:00:00Z"
    assert changed["after"] == {"version": 2, "hosts": [], "former_until": until, "fingerprint": fingerprint}
    assert (used["type"], used["after"]) == ("credential.used", {"version": 2, "fingerprint": fingerprint})


async def test_a_version_before_whose_key_is_gone_is_passed_over(store: Store, parts: VaultParts) -> None:
    await parts.set("the first value")
    await replace_within(parts, "the second value", hours=1)

    def lose_key(unit: Unit) -> None:
        former = unit.credentials.version("edr_token", 1)
        assert former is not None
        assert unit.credentials.reseal(former, former.blob.replace(b"wk_", b"wx_", 1))

    await store.write("w", lose_key)
    assert await resolve_all(parts, timedelta()) == ["the second value"]


async def test_no_version_of_what_is_no_credential_is_good(store: Store, parts: VaultParts) -> None:
    for name in ("edr_token", "totp:u_1"):
        with pytest.raises(NotFoundError) as caught:
            await parts.vault.resolve_all("w", name, START)
        assert (caught.value.code, caught.value.message) == (
            "credential_not_found",
            f"there is no credential `{name}`",
        )


async def test_all_credentials_of_a_workspace_share_one_key_and_no_other_workspace_does(
    store: Store, parts: VaultParts
) -> None:
    await parts.set(name="one")
    await parts.set(name="two")
    await parts.set(name="one", workspace="other")
    keys = await store.read("w", lambda unit: unit.credentials.list_keys())
    others = await store.read("other", lambda unit: unit.credentials.list_keys())
    assert len(keys) == len(others) == 1
    assert keys[0].id != others[0].id


async def test_setting_is_audited_and_the_value_is_nowhere(store: Store, parts: VaultParts) -> None:
    await parts.set()
    version = await parts.set(hosts=["edr.test"])
    records = await store.read("w", lambda unit: unit.audit.range(0, 10))
    assert [entry.document["type"] for entry in records] == ["credential.set"] * 2
    assert [str(entry.document["id"])[:3] for entry in records] == ["ev_"] * 2
    document = records[1].document
    assert document["target"] == {"kind": "credential", "id": "edr_token"}
    assert document["before"] == {"version": 1, "hosts": []}
    fingerprint = parts.vault.take_fingerprint(Secret(VALUE))
    assert document["after"] == {"version": 2, "hosts": ["edr.test"], "fingerprint": fingerprint}
    shown = json.dumps([dict(entry.document) for entry in records]) + repr(version) + repr(parts.vault)
    assert VALUE not in shown
    assert VALUE.encode() not in version.blob


async def test_where_the_audit_fails_nothing_is_set(store: Store, parts: VaultParts) -> None:
    await tamper(store, "UPDATE audit_head SET range = '[]', size = 1")
    with pytest.raises(BugError) as caught:
        await parts.set()
    assert caught.value.code == "audit_head_damaged"
    assert await store.read("w", parts.vault.list) == ()


async def test_an_unknown_credential_is_not_found(store: Store, parts: VaultParts) -> None:
    await parts.set(workspace="other")
    with pytest.raises(NotFoundError) as caught:
        await parts.resolve()
    assert caught.value.code == "credential_not_found"


@pytest.mark.parametrize("value", ["", "1234567", "\ud800" * 8, "x" * 65_537, "é" * 32_769])
async def test_a_value_of_another_shape_is_refused_and_not_repeated(
    store: Store, parts: VaultParts, value: str
) -> None:
    with pytest.raises(InputError) as caught:
        await parts.set(value)
    assert [fault.pointer for fault in caught.value.faults] == ["/value"]
    assert not value or value not in caught.value.message


@pytest.mark.parametrize("value", ["12345678", "é" * 32_768, "line\nline\x00end"])
async def test_a_value_at_the_limits_is_kept_exactly(store: Store, parts: VaultParts, value: str) -> None:
    await parts.set(value)
    assert await parts.resolve() == value


@pytest.mark.parametrize("name", ["", "Edr", "1edr", "a b", "a.b", "é", "a" * 65, "a\n"])
async def test_a_name_of_another_shape_is_refused(store: Store, parts: VaultParts, name: str) -> None:
    with pytest.raises(InputError) as caught:
        await parts.set(name=name)
    assert [fault.pointer for fault in caught.value.faults] == ["/name"]


@pytest.mark.parametrize(
    "host", ["", "https://edr.test", "edr.test:443", "*.test", "EDR.test", "a..b", "-a.test", "a" * 64, "edr.test\n"]
)
async def test_a_host_of_another_shape_is_refused(store: Store, parts: VaultParts, host: str) -> None:
    with pytest.raises(InputError) as caught:
        await parts.set(hosts=["edr.test", host])
    assert [fault.pointer for fault in caught.value.faults] == ["/hosts/1"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credentials SET blob = (SELECT blob FROM credentials AS o WHERE o.name != credentials.name)",
        "UPDATE credentials SET hosts = '[\"evil.test\"]'",
        "UPDATE credentials SET version = version + 1",
        "UPDATE credentials SET id = id || 'x'",
        "UPDATE workspace_keys SET wrapped = zeroblob(60)",
    ],
)
async def test_who_can_write_the_database_cannot_move_or_redirect_a_credential(
    store: Store, parts: VaultParts, statement: str
) -> None:
    await parts.set("value of a", name="a_key")
    await parts.set("value of b", name="b_key")
    await tamper(store, statement)
    with pytest.raises(BugError) as caught:
        await parts.resolve("a_key")
    assert caught.value.code == "sealed_value_damaged"


async def test_a_credential_does_not_open_under_another_name(store: Store, parts: VaultParts) -> None:
    await parts.set()
    await tamper(store, "UPDATE credentials SET name = 'other_token'")
    with pytest.raises(BugError) as caught:
        await parts.resolve("other_token")
    assert caught.value.code == "sealed_value_damaged"


async def test_another_key_file_says_which_key_is_needed(store: Store, parts: VaultParts, tmp_path: Path) -> None:
    await parts.set()
    other = open_vault(store, tmp_path / "other", ids=SeededIds(5), seed=5)
    for attempt in (other.resolve(), other.set()):
        with pytest.raises(UnavailableError, match="need the key file:") as caught:
            await attempt
        assert caught.value.code == "wrong_key"


async def test_a_key_that_was_taken_away_is_said_to_be_gone(store: Store, parts: VaultParts) -> None:
    await parts.set()
    await tamper(store, "DELETE FROM workspace_keys")
    with pytest.raises(UnavailableError) as caught:
        await parts.resolve()
    assert caught.value.code == "key_not_found"
