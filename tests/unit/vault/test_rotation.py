import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import text

from soar.model.errors import BugError, ConflictError, DeniedError, NotFoundError, UnavailableError
from soar.model.secret import KeyStatus
from soar.store import Store, Unit
from soar.vault import FileKeyProvider, Keyring
from soar.vault.rewrap import BATCH
from soar.vault.rotation import KeyReport
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.vault import VALUE, VaultParts, open_vault

T = TypeVar("T")

ADA, BEN = build_actor(), build_actor(id="u_ben", name="ben")


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> VaultParts:
    return open_vault(store, tmp_path / "kek")


async def rotate(parts: VaultParts, key: str | None = None) -> str:
    return (await parts.rotation.rotate("w", key, actor=ADA, now=START)).id


async def find_wrapping(parts: VaultParts) -> str:
    found = await parts.store.read("w", lambda unit: unit.encryption_keys.wrapping())
    assert found is not None
    return found.id


async def fill(parts: VaultParts, number: int) -> None:
    for index in range(number):
        await parts.set(f"value number {index}", name=f"c{index}")


async def check_all(parts: VaultParts, number: int) -> None:
    for index in range(number):
        assert await parts.resolve(f"c{index}") == f"value number {index}"


async def report(parts: VaultParts) -> KeyReport:
    return await parts.rotation.report("w")


async def end(parts: VaultParts, key: str) -> None:
    await parts.rotation.retire("w", key, actor=ADA, now=START)
    await parts.rotation.destroy("w", key, actor=ADA, now=START)
    await parts.rotation.destroy("w", key, actor=BEN, now=START)


async def test_after_a_rotation_everything_is_sealed_again_and_the_old_key_can_go(
    parts: VaultParts, tmp_path: Path
) -> None:
    number = BATCH + 7
    await fill(parts, number)
    before = await parts.store.read("w", lambda unit: [version.blob for version in unit.credentials.list()])
    first = await find_wrapping(parts)
    second = await rotate(parts)
    half_way = await report(parts)
    assert (half_way.credentials, half_way.current) == (number, 0)
    done = await parts.rewrapper.rewrap("w")
    assert (done.credentials, done.keys, done.damaged) == (number, 1, ())
    after = await parts.store.read("w", lambda unit: [version.blob for version in unit.credentials.list()])
    assert not {*before} & {*after}
    uses = {use.id: use for use in (await report(parts)).keys}
    assert (uses[first].keys, uses[first].credentials) == (0, 0)
    assert (uses[second].keys, uses[second].credentials) == (1, number)
    await end(parts, first)
    assert not (tmp_path / "kek").exists()
    await check_all(open_vault_again(parts, tmp_path / "kek"), number)


def open_vault_again(parts: VaultParts, path: Path) -> VaultParts:
    """Return the vault of a process that has just started."""
    keyring = Keyring([FileKeyProvider(path, SeededRandomness(50))])
    return VaultParts(parts.store, keyring, SeededIds(60), SeededRandomness(51), parts.clock)


async def test_older_versions_are_sealed_again_as_well(parts: VaultParts) -> None:
    for value in ("the first value", "the second value"):
        await parts.set(value)
    await rotate(parts)
    assert (await parts.rewrapper.rewrap("w")).credentials == 2
    assert await parts.resolve() == "the second value"


async def test_a_pass_with_nothing_to_do_does_nothing(parts: VaultParts) -> None:
    assert (await parts.rewrapper.rewrap("w")).credentials == 0
    await parts.set()
    size = await parts.store.read("w", lambda unit: unit.audit.head().size)
    assert (await parts.rewrapper.rewrap("w")).credentials == 0
    assert await parts.store.read("w", lambda unit: unit.audit.head().size) == size


async def test_a_rotation_before_the_first_credential_counts(parts: VaultParts) -> None:
    second = await rotate(parts)
    await parts.set()
    assert await find_wrapping(parts) == second
    assert await parts.resolve() == VALUE


async def test_a_key_that_a_provider_has_can_be_named(parts: VaultParts) -> None:
    await parts.set()
    named = await parts.keyring.create()
    assert await rotate(parts, named) == named
    with pytest.raises(NotFoundError):
        await rotate(parts, "file:none")
    with pytest.raises(ConflictError) as caught:
        await rotate(parts, named)
    assert caught.value.code == "key_known"


async def test_a_key_in_use_is_not_retired(parts: VaultParts) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    with pytest.raises(ConflictError) as caught:
        await parts.rotation.retire("w", first, actor=ADA, now=START)
    assert caught.value.code == "key_status"
    await rotate(parts)
    with pytest.raises(ConflictError) as caught:
        await parts.rotation.retire("w", first, actor=ADA, now=START)
    assert caught.value.code == "key_in_use"
    await parts.rewrapper.rewrap("w")
    assert (await parts.rotation.retire("w", first, actor=ADA, now=START)).status is KeyStatus.RETIRED


async def test_a_key_ends_only_if_somebody_else_confirms(parts: VaultParts, tmp_path: Path) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    await rotate(parts)
    await parts.rewrapper.rewrap("w")
    with pytest.raises(ConflictError):
        await parts.rotation.destroy("w", first, actor=ADA, now=START)
    await parts.rotation.retire("w", first, actor=ADA, now=START)
    condemned = await parts.rotation.destroy("w", first, actor=ADA, now=START)
    assert condemned.status is KeyStatus.CONDEMNED
    with pytest.raises(DeniedError) as caught:
        await parts.rotation.destroy("w", first, actor=ADA, now=START)
    assert caught.value.code == "second_person"
    assert (tmp_path / "kek").exists()
    ended = await parts.rotation.destroy("w", first, actor=BEN, now=START)
    assert (ended.status, ended.condemned_by) == (KeyStatus.DESTROYED, ADA.id)
    assert not (tmp_path / "kek").exists()
    records = await parts.store.read("w", lambda unit: unit.audit.range(0, 100))
    events = [(entry.document["type"], entry.document["actor"]["id"]) for entry in records]  # type: ignore[index,call-overload]
    assert events == [
        ("credential.set", ADA.id),
        ("vault_key.rotated", ADA.id),
        ("vault_key.rewrapped", "vault"),
        ("vault_key.retired", ADA.id),
        ("vault_key.condemned", ADA.id),
        ("vault_key.destroyed", BEN.id),
    ]


async def test_a_destruction_that_the_provider_refused_is_finished_by_the_next_call(
    parts: VaultParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    await rotate(parts)
    await parts.rewrapper.rewrap("w")
    await parts.rotation.retire("w", first, actor=ADA, now=START)
    await parts.rotation.destroy("w", first, actor=ADA, now=START)

    def refuse(path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(UnavailableError) as caught:
            await parts.rotation.destroy("w", first, actor=BEN, now=START)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "key_not_destroyed",
        f"the key file {tmp_path / 'kek'} cannot be deleted: Permission denied",
        "delete it yourself, or let the service write that folder, and destroy the key again",
    )
    assert (tmp_path / "kek").exists()
    await parts.rotation.destroy("w", first, actor=BEN, now=START)
    assert not (tmp_path / "kek").exists()


async def test_a_key_that_another_workspace_needs_is_not_destroyed(parts: VaultParts) -> None:
    await parts.set()
    await parts.set(workspace="other")
    first = await find_wrapping(parts)
    await rotate(parts)
    await parts.rewrapper.rewrap("w")
    await parts.rotation.retire("w", first, actor=ADA, now=START)
    with pytest.raises(ConflictError, match="workspace other still needs") as caught:
        await parts.rotation.destroy("w", first, actor=ADA, now=START)
    assert caught.value.code == "key_in_use"


async def test_what_is_brought_back_from_before_a_retirement_does_not_open(parts: VaultParts) -> None:
    await parts.set()
    first = await find_wrapping(parts)
    (old,) = await parts.store.read("w", lambda unit: unit.credentials.list())
    (key,) = await parts.store.read("w", lambda unit: unit.credentials.list_keys())
    await rotate(parts)
    await parts.rewrapper.rewrap("w")
    await parts.rotation.retire("w", first, actor=ADA, now=START)

    def bring_back(unit: Unit) -> None:
        (new,) = unit.credentials.list()
        unit.credentials.add_key(key)
        assert unit.credentials.reseal(new, old.blob)

    await parts.store.write("w", bring_back)
    with pytest.raises(BugError) as caught:
        await parts.resolve()
    assert caught.value.code == "key_retired"
    assert (await parts.rewrapper.rewrap("w")).damaged == (old.id,)
    await parts.set(name="other")
    assert await parts.resolve("other") == VALUE


async def test_a_damaged_row_is_reported_stays_and_keeps_its_key(parts: VaultParts) -> None:
    await fill(parts, 3)
    first = await find_wrapping(parts)
    statement = text("UPDATE credentials SET hosts = '[\"evil.test\"]' WHERE name = 'c1'")
    await parts.store.write("w", lambda unit: unit._connection.execute(statement))
    await rotate(parts)
    done = await parts.rewrapper.rewrap("w")
    assert (done.credentials, len(done.damaged)) == (2, 1)
    assert [error.code for _, error in parts.failed] == ["sealed_value_damaged"]
    with pytest.raises(ConflictError):
        await parts.rotation.retire("w", first, actor=ADA, now=START)
    assert await parts.resolve("c2") == "value number 2"


class CrashingStore:
    """The store of a process that dies at its n-th write, before it or right after the commit."""

    def __init__(self, store: Store, dies_at: int, *, is_after: bool) -> None:
        self._store, self._left, self._is_after = store, dies_at, is_after
        self.read = store.read
        self.workspaces = store.workspaces

    async def write(self, workspace: str, work: Callable[[Unit], T]) -> T:
        self._left -= 1
        if self._left == 0 and not self._is_after:
            raise KeyboardInterrupt
        done = await self._store.write(workspace, work)
        if self._left == 0:
            raise KeyboardInterrupt
        return done


async def die(parts: VaultParts, path: Path, dies_at: int, *, is_after: bool) -> bool:
    """Rotate as a process that dies at its n-th write; return whether it died."""
    dying: Any = CrashingStore(parts.store, dies_at, is_after=is_after)
    keyring = Keyring([FileKeyProvider(path, SeededRandomness(1000 + dies_at))])
    process = VaultParts(
        dying, keyring, SeededIds(2000 + 2 * dies_at + is_after), SeededRandomness(dies_at), parts.clock
    )
    try:
        await process.rotation.rotate("w", None, actor=ADA, now=START)
        await process.rewrapper.rewrap("w")
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("is_after", [False, True])
async def test_a_crash_at_any_write_of_a_rotation_loses_nothing_and_the_next_start_goes_on(
    parts: VaultParts, tmp_path: Path, *, is_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.vault.rewrap.BATCH", 5)
    number = 12
    await fill(parts, number)
    crashes = 0
    for dies_at in count(1):
        if not await die(parts, tmp_path / "kek", dies_at, is_after=is_after):
            break
        crashes += 1
        await check_all(parts, number)
        parts = open_vault_again(parts, tmp_path / "kek")
        await check_all(parts, number)
        await parts.rewrapper.rewrap("w")
        await check_all(parts, number)
        found = await report(parts)
        assert found.current == found.credentials == number
        assert sum(use.keys for use in found.keys) == 1
    assert crashes == 6  # the rotation, the workspace's new key, three batches, and the end


async def test_credentials_are_read_and_written_without_a_failure_while_keys_rotate(parts: VaultParts) -> None:
    number, rounds = 40, 4
    await fill(parts, number)
    is_over, requests = asyncio.Event(), 0

    async def use(name: str) -> None:
        nonlocal requests
        latest = await parts.resolve(name)
        while not is_over.is_set():
            written = f"{name} as of {requests} requests"
            await parts.set(written, name=name)
            assert await parts.resolve(name) == written != latest
            latest, requests = written, requests + 2

    async def turn() -> list[str]:
        ended = []
        for _ in range(rounds):
            old = await find_wrapping(parts)
            await rotate(parts)
            while (await report(parts)).keys[-1].keys == 0 or await is_in_use(old):
                await parts.rewrapper.rewrap("w")
            await end(parts, old)
            ended.append(old)
        is_over.set()
        return ended

    async def is_in_use(key: str) -> bool:
        return any(use.id == key and use.keys for use in (await report(parts)).keys)

    ended, *_ = await asyncio.gather(turn(), *(use(f"c{index}") for index in range(number)))
    assert len(ended) == rounds
    assert requests > number
    assert parts.failed == []
    found = await report(parts)
    assert found.current == found.credentials > number
    assert not {*ended} & {*await parts.keyring.list()}
    for index in range(number):
        assert (await parts.resolve(f"c{index}")).startswith(f"c{index} as of")


class OvertakenStore:
    """The store of a process whose first write is overtaken by another's rotation."""

    def __init__(self, store: Store, overtake: Callable[[], Awaitable[object]]) -> None:
        self._store, self._overtake = store, overtake
        self._is_overtaken = False
        self.read = store.read

    async def write(self, workspace: str, work: Callable[[Unit], T]) -> T:
        if not self._is_overtaken:
            self._is_overtaken = True
            await self._overtake()
        return await self._store.write(workspace, work)


async def test_a_credential_that_a_rotation_overtakes_is_sealed_under_the_new_key(
    parts: VaultParts, tmp_path: Path
) -> None:
    await parts.set("the first value")
    first = await find_wrapping(parts)

    async def overtake() -> None:
        await rotate(parts)
        await parts.rewrapper.rewrap("w")
        await end(parts, first)

    overtaken: Any = OvertakenStore(parts.store, overtake)
    keyring = Keyring([FileKeyProvider(tmp_path / "kek", SeededRandomness(50))])
    late = VaultParts(overtaken, keyring, SeededIds(60), SeededRandomness(51), parts.clock)
    await late.set("the second value")
    assert await parts.resolve() == "the second value"
    found = await report(parts)
    assert found.current == found.credentials == 2


async def test_two_processes_that_seal_again_at_once_do_not_disturb_each_other(
    parts: VaultParts, tmp_path: Path
) -> None:
    number = 30
    await fill(parts, number)
    await rotate(parts)
    other = open_vault_again(parts, tmp_path / "kek")
    done = await asyncio.gather(parts.rewrapper.rewrap("w"), other.rewrapper.rewrap("w"))
    await parts.rewrapper.rewrap("w")
    assert sum(each.credentials for each in done) >= number
    found = await report(parts)
    assert found.current == found.credentials == number
    await check_all(parts, number)
    await check_all(other, number)


async def test_the_pass_beside_the_requests_begins_at_the_start_and_after_a_kick(parts: VaultParts) -> None:
    await fill(parts, 3)
    await rotate(parts)
    beside = asyncio.create_task(parts.rewrapper.run())
    await until(lambda: is_current(parts))
    await rotate(parts)
    parts.rewrapper.kick()
    await until(lambda: is_current(parts))
    beside.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beside


class FailingStore:
    """A store that cannot be reached at first, then cannot be read, and then is itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failures = ["no workspaces", "no rows"]
        self.write = store.write

    async def workspaces(self) -> tuple[str, ...]:
        self._fail("no workspaces")
        return await self._store.workspaces()

    async def read(self, workspace: str, work: Callable[[Unit], T]) -> T:
        self._fail("no rows")
        return await self._store.read(workspace, work)

    def _fail(self, reason: str) -> None:
        if self._failures[:1] == [reason]:
            raise UnavailableError(self._failures.pop(0), retry_after=1.0)


async def test_what_a_pass_cannot_do_is_told_and_the_next_one_does_it(parts: VaultParts, tmp_path: Path) -> None:
    await parts.set()
    await rotate(parts)
    failing: Any = FailingStore(parts.store)
    keyring = Keyring([FileKeyProvider(tmp_path / "kek", SeededRandomness(50))])
    process = VaultParts(failing, keyring, SeededIds(60), SeededRandomness(51), parts.clock)
    beside = asyncio.create_task(process.rewrapper.run())
    for done in range(2):
        await until(lambda number=done: is_told_of(process, number + 1))
        process.rewrapper.kick()
    await until(lambda: is_current(parts))
    beside.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beside
    assert [(workspace, error.message) for workspace, error in process.failed] == [
        ("", "no workspaces"),
        ("w", "no rows"),
    ]


async def is_told_of(parts: VaultParts, number: int) -> bool:
    await asyncio.sleep(0)
    return len(parts.failed) == number


async def is_current(parts: VaultParts) -> bool:
    found = await report(parts)
    return found.current == found.credentials


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1_000):
        if await is_so():
            return
    raise AssertionError("it never was so")


async def test_no_ciphertext_opens_in_another_row_version_or_workspace(parts: VaultParts) -> None:
    """Every pair of rows over names, versions and workspaces, and both fields of each."""
    for workspace in ("w", "x"):
        for name in ("a_key", "b_key", "c_key"):
            for version in (1, 2):
                await parts.set(f"{workspace} {name} {version} value", name=name, workspace=workspace)
    rows = [(workspace, version) for workspace in ("w", "x") for version in await list_versions(parts.store, workspace)]
    refused = 0
    for place_workspace, place in rows:
        for _, other in rows:
            if other.blob == place.blob:
                continue
            refused += await is_refused(parts, place_workspace, place, other.blob)
    assert (len(rows), refused) == (12, 12 * 11)


async def list_versions(store: Store, workspace: str) -> list[Any]:
    everything: Any = b"\xff"
    found = await store.read(
        workspace, lambda unit: unit.credentials.list_sealed_elsewhere(everything, after="", limit=100)
    )
    return list(found)


async def is_refused(parts: VaultParts, workspace: str, place: Any, blob: bytes) -> bool:  # noqa: ANN401 -- a version
    """Put the blob in the row's place, open it as the newest, and put everything back."""

    def move(unit: Unit) -> None:
        statement = text("UPDATE credentials SET blob = :blob WHERE id = :id")
        unit._connection.execute(statement, {"blob": blob, "id": place.id})

    def hide(unit: Unit, shift: int) -> None:
        statement = text("UPDATE credentials SET version = version + :shift WHERE name = :name AND version != :version")
        unit._connection.execute(statement, {"shift": shift, "name": place.name, "version": place.version})

    await parts.store.write(workspace, move)
    if place.version == 1:
        await parts.store.write(workspace, lambda unit: hide(unit, -10))
    try:
        await parts.resolve(place.name, workspace)
    except (BugError, UnavailableError) as error:
        return error.code in {"sealed_value_damaged", "key_not_found"}
    else:
        return False
    finally:
        if place.version == 1:
            await parts.store.write(workspace, unhide(place))
        await parts.store.write(workspace, restore(place))


def restore(place: Any) -> Callable[[Unit], object]:  # noqa: ANN401 -- a version
    statement = text("UPDATE credentials SET blob = :blob WHERE id = :id")
    return lambda unit: unit._connection.execute(statement, {"blob": place.blob, "id": place.id})


def unhide(place: Any) -> Callable[[Unit], object]:  # noqa: ANN401 -- a version
    statement = text("UPDATE credentials SET version = version + 10 WHERE name = :name AND version < 0")
    return lambda unit: unit._connection.execute(statement, {"name": place.name})
