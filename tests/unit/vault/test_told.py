"""What people are told where the vault cannot do what they want: what it is, and what they can do about it."""

from collections.abc import Awaitable
from pathlib import Path

import pytest
from sqlalchemy import text

from soar.model.errors import SoarError
from soar.model.secret import KeyStatus
from soar.store import Store, Unit
from soar.vault.cipher import Place, unseal
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.vault import VaultParts, open_vault

ADA, BEN = build_actor(), build_actor(id="u_ben", name="ben")
PLACE = Place(workspace="w", table="workspace_keys", row="wk_1", field="wrapped", version=1)


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> VaultParts:
    return open_vault(store, tmp_path / "kek")


def tell(error: SoarError) -> tuple[str, str, str | None]:
    return error.code, error.message, error.hint


async def fail(work: Awaitable[object]) -> tuple[str, str, str | None]:
    with pytest.raises(SoarError) as caught:
        await work
    return tell(caught.value)


async def find_wrapping(parts: VaultParts) -> str:
    found = await parts.store.read("w", lambda unit: unit.encryption_keys.wrapping())
    assert found is not None
    return found.id


async def test_a_key_that_cannot_be_made_current(parts: VaultParts) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    assert await fail(parts.rotation.rotate("w", "file:none", actor=ADA, now=START)) == (
        "key_not_found",
        "no provider has a key file:none",
        "see: soar vault status",
    )
    assert await fail(parts.rotation.rotate("w", first, actor=ADA, now=START)) == (
        "key_known",
        f"the key {first} is wrapping already",
        "a key is made current once; leave out its id to make a new one",
    )


async def test_a_key_that_cannot_be_retired_or_destroyed(parts: VaultParts) -> None:
    await parts.set()
    await parts.set(workspace="other")
    first = await find_wrapping(parts)
    order = "a key is rotated, then retired, then destroyed by two people"
    assert await fail(parts.rotation.retire("w", "file:none", actor=ADA, now=START)) == (
        "key_not_found",
        "there is no key file:none",
        "see: soar vault status",
    )
    assert await fail(parts.rotation.retire("w", first, actor=ADA, now=START)) == (
        "key_status",
        f"the key {first} is wrapping, not superseded",
        order,
    )
    needed = ("key_in_use", f"the workspace other still needs the key {first}", "rotate and retire it there first")
    await parts.rotation.rotate("w", None, actor=ADA, now=START)
    assert await fail(parts.rotation.retire("w", first, actor=ADA, now=START)) == (
        "key_in_use",
        f"1 keys of the workspace are still wrapped by {first}",
        "wait until everything is sealed again (soar vault status), or hasten it: soar vault rewrap",
    )
    await parts.rewrapper.rewrap("w")
    await parts.rotation.retire("w", first, actor=ADA, now=START)
    assert await fail(parts.rotation.destroy("w", first, actor=ADA, now=START)) == needed
    await parts.rotation.rotate("other", None, actor=ADA, now=START)
    assert await fail(parts.rotation.destroy("w", first, actor=ADA, now=START)) == needed
    await parts.rewrapper.rewrap("other")
    assert await fail(parts.rotation.destroy("w", first, actor=ADA, now=START)) == needed  # not retired there
    await parts.rotation.retire("other", first, actor=ADA, now=START)
    await parts.rotation.destroy("w", first, actor=ADA, now=START)
    assert await fail(parts.rotation.destroy("w", first, actor=ADA, now=START)) == (
        "second_person",
        f"whoever asked for the end of {first} cannot confirm it",
        "let somebody else confirm it: soar vault destroy",
    )


async def test_the_record_says_who_moved_which_key_from_what_to_what(parts: VaultParts) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    second = (await parts.rotation.rotate("w", None, actor=ADA, now=START)).id
    await parts.rewrapper.rewrap("w")
    await parts.rotation.retire("w", first, actor=ADA, now=START)
    await parts.rotation.destroy("w", first, actor=ADA, now=START)
    await parts.rotation.destroy("w", first, actor=BEN, now=START)
    records = await parts.store.read("w", lambda unit: unit.audit.range(0, 99))
    told = [
        tuple(record.document[name] for name in ("type", "target", "before", "after", "outcome")) for record in records
    ]

    def about(key: str) -> dict[str, str]:
        return {"kind": "vault_key", "id": key}

    def as_(status: str, condemned_by: str | None = None) -> dict[str, str | None]:
        return {"status": status, "condemned_by": condemned_by}

    assert told[1:] == [
        ("vault_key.rotated", about(second), {"wrapping": first}, as_("wrapping"), "success"),
        ("vault_key.rewrapped", about(second), None, {"credentials": 1, "keys_removed": 1}, "success"),
        ("vault_key.retired", about(first), {"status": "superseded"}, as_("retired"), "success"),
        ("vault_key.condemned", about(first), {"status": "retired"}, as_("condemned", ADA.id), "success"),
        ("vault_key.destroyed", about(first), {"status": "condemned"}, as_("destroyed", ADA.id), "success"),
    ]
    assert all(str(record.document["id"]).startswith("ev_") for record in records)
    system, ben = (records[place].document["actor"] for place in (2, 5))
    assert [system[name] for name in ("kind", "id", "name", "via")] == ["system", "vault", "soar", "engine"]
    assert [ben[name] for name in ("id", "name")] == [BEN.id, "ben"]


async def test_a_report_says_of_each_key_what_depends_on_it(parts: VaultParts) -> None:
    await parts.set()
    await parts.set("another value")
    first = await find_wrapping(parts)
    spare = await parts.keyring.create()
    second = (await parts.rotation.rotate("w", None, actor=ADA, now=START)).id
    found = await parts.rotation.report("w")
    assert [(use.id, use.is_here, use.keys, use.credentials) for use in found.keys] == [
        (first, True, 1, 2),
        (second, True, 0, 0),
        (spare, True, 0, 0),
    ]
    assert [
        (key.status, key.created_by, key.created_at, key.changed_at, key.condemned_by) if key else None
        for key in (use.key for use in found.keys)
    ] == [
        (KeyStatus.SUPERSEDED, "system", START, START, None),
        (KeyStatus.WRAPPING, ADA.id, START, START, None),
        None,
    ]
    assert (found.credentials, found.current) == (2, 0)
    await parts.keyring.destroy(first)
    assert [use.is_here for use in (await parts.rotation.report("w")).keys] == [False, True, True]


async def test_a_credential_that_cannot_be_set(parts: VaultParts) -> None:
    name = "/name use a letter, then letters, digits, `_` or `-`, all lower case, at most 64"
    host = "/hosts/1 write a host name in lower case, without scheme, port or path"
    short = "/value a secret has at least 8 characters"
    hint = "correct these fields and set it again"
    assert await fail(parts.set("short", name="Edr", hosts=["edr.test", "EDR"])) == (
        "invalid_credential",
        f"the credential cannot be set: {name}; {host}; {short}",
        hint,
    )
    assert await fail(parts.set("x" * 65_537)) == (
        "invalid_credential",
        "the credential cannot be set: /value a secret is text of at most 65536 bytes",
        hint,
    )


@pytest.mark.parametrize("host", ["a", "a-b.test", "1.test", "x" * 63, "xn--bcher-kva.test"])
async def test_a_host_at_the_limits_is_taken(parts: VaultParts, host: str) -> None:
    await parts.set(hosts=[host])
    assert (await parts.vault.open("w", "edr_token")).hosts == (host,)


async def test_a_credential_that_is_not_there(parts: VaultParts) -> None:
    for name in ("edr_token", "Not a name", "kept:by-us"):
        assert await fail(parts.resolve(name)) == (
            "credential_not_found",
            f"there is no credential `{name}`",
            f"set it: soar secret set {name}",
        )


async def test_a_credential_whose_key_is_gone(parts: VaultParts) -> None:
    version = await parts.set()
    (key,) = await parts.store.read("w", lambda unit: unit.credentials.list_keys())
    hint = "set the credential again, or restore the database from a backup"
    await parts.set(name="other")
    await parts.rotation.rotate("w", None, actor=ADA, now=START)

    def remove(unit: Unit) -> None:
        unit._connection.execute(text("DELETE FROM workspace_keys"))

    await parts.store.write("w", remove)
    assert await fail(parts.resolve()) == ("key_not_found", f"the key {key.id} of credential `edr_token` is gone", hint)
    await parts.set("a new value", name="third")
    assert version.id in (await parts.rewrapper.rewrap("w")).damaged
    assert {tell(error) for _, error in parts.failed} == {
        ("key_not_found", f"the key of credential `{name}`, version 1, is gone", hint)
        for name in ("edr_token", "other")
    }
    assert [workspace for workspace, _ in parts.failed] == ["w", "w"]


async def test_a_key_of_the_workspace_that_opens_nothing_any_more(parts: VaultParts) -> None:
    await parts.set()
    key = await find_wrapping(parts)
    for statement, status in (
        ("UPDATE encryption_keys SET status = 'retired'", "retired"),
        ("DELETE FROM encryption_keys", "not known"),
    ):
        await parts.store.write("w", lambda unit, done=statement: unit._connection.execute(text(done)))
        assert await fail(parts.resolve()) == (
            "key_retired",
            f"the key {key} is {status} and opens nothing any more",
            "set the credentials again that were sealed under it",
        )


def test_what_does_not_open() -> None:
    with pytest.raises(SoarError) as caught:
        unseal(b"", PLACE, key_id="wk_1", key=bytes(32))
    assert tell(caught.value) == (
        "sealed_value_damaged",
        "a sealed value does not open: it was changed, moved from another row, or sealed with another key",
        "set the credential again, or restore the database together with its key file",
    )
