from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from soar.model.errors import InputError
from soar.store import Store, open_store, schema
from soar.store.columns import METADATA
from soar.store.migrator import run_migrations
from soar.store.sqlite import driver_of
from tests.support.builders import build_approval
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess


@pytest.fixture
async def store(disk: InlineDisk, process: RecordingProcess) -> AsyncIterator[Store]:
    store = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    yield store
    await store.close()


def describe_indexes(connection: Connection) -> set[tuple[str, str | None, tuple[str | None, ...]]]:
    found = inspect(connection)
    return {
        (table, index["name"], tuple(index["column_names"]))
        for table in found.get_table_names()
        for index in found.get_indexes(table)
    }


def describe_uniques(connection: Connection) -> set[tuple[str, str | None, tuple[str | None, ...]]]:
    found = inspect(connection)
    return {
        (table, unique["name"], tuple(unique["column_names"]))
        for table in found.get_table_names()
        for unique in found.get_unique_constraints(table)
    }


async def test_the_migrated_schema_is_the_one_the_tables_declare(store: Store) -> None:
    await store.migrate()
    context = MigrationContext.configure(store._database.writer, opts={"compare_type": True})
    assert compare_metadata(context, METADATA) == []


async def test_migrated_indexes_and_keys_are_those_that_a_fresh_schema_has(
    store: Store, disk: InlineDisk, process: RecordingProcess
) -> None:
    fresh = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    METADATA.create_all(fresh._database.writer)
    await store.migrate()
    assert describe_indexes(store._database.writer) == describe_indexes(fresh._database.writer)
    assert describe_uniques(store._database.writer) == describe_uniques(fresh._database.writer)
    await fresh.close()


async def test_a_fresh_database_is_as_if_it_had_been_migrated(store: Store) -> None:
    await store.migrate()
    with create_engine("sqlite://").connect() as migrated, migrated.begin():
        run_migrations(migrated, schema._MIGRATIONS)
        expected = list(driver_of(migrated).iterdump())
    assert list(driver_of(store._database.writer).iterdump()) == expected
    assert len(expected) > len(METADATA.tables)


async def test_a_schema_is_current_once_it_is_migrated_and_stays_so(store: Store) -> None:
    assert not await store.is_current()
    await store.migrate()
    assert await store.is_current()
    await store.migrate()
    assert await store.is_current()


async def test_an_approval_from_before_asks_for_no_facts(store: Store) -> None:
    await store.migrate()
    await store.write("default", lambda unit: unit.approvals.add(build_approval()))
    writer = store._database.writer
    for column in ("fields", "reply", "course", "merged_into"):
        writer.exec_driver_sql(f"ALTER TABLE approvals DROP COLUMN {column}")
    for index in (
        "ix_runs_workspace_retry_of",
        "ix_runs_open",
        "ix_audit_workspace_at",
        "ix_alerts_suppressed",
        "ix_responses_workspace_check_run",
    ):
        writer.exec_driver_sql(f"DROP INDEX {index}")
    for table, column in (
        ("runs", "retry_of"),
        ("timers", "tries"),
        ("timers", "failed_at"),
        ("credentials", "is_reference"),
        ("credentials", "former_until"),
        ("cases", "team"),
        ("audit", "salts"),
        ("alerts", "suppressed_by"),
    ):
        writer.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in (
        "happenings",
        "watches",
        "event_triggers",
        "handouts",
        "dead_letters",
        "breakers",
        "blobs",
        "anchors",
        "encryption_keys",
        "audit_postings",
        "audit_index",
        "pollers",
    ):
        writer.exec_driver_sql(f"DROP TABLE {table}")
    for table in ("pending_logins", "sign_ons", "spent_tokens", "accounts", "directory_groups"):
        writer.exec_driver_sql(f"DROP TABLE {table}")
    writer.exec_driver_sql("DROP INDEX ix_approvals_workspace_playbook_step")
    for table in (
        "factors",
        "one_time_codes",
        "openings",
        "drafts",
        "publications",
        "bursts",
        "samples",
        "suppressions",
        "freezes",
        "deeds",
        "delegations",
        "chat_accounts",
        "chat_links",
        "posted_cards",
        "publishers",
        "standing_approvals",
        "heard_events",
    ):
        writer.exec_driver_sql(f"DROP TABLE {table}")
    for table, columns in {
        "users": ("kind", "owner", "expires_at", "grants", "teams"),
        "sessions": ("mfa_at", "ip", "agent"),
        "responses": (
            *("owner", "channel", "check_action", "check_arguments", "check_connection"),
            *("check_run", "sighting", "checked_at", "check_asked_at", "gone_at", "pages"),
        ),
        "tokens": ("networks", "used_ip", "authenticated_at", "mfa_at", "within"),
    }.items():
        for column in columns:
            writer.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    writer.exec_driver_sql("UPDATE alembic_version SET version_num = '0003_pre_lists'")
    await store.migrate()
    assert await store.read("default", lambda unit: unit.approvals.get(build_approval().id)) == build_approval()


async def test_a_newer_schema_is_refused(store: Store) -> None:
    await store.migrate()
    store._database.writer.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_post_future'")
    for refused in (store.is_current(), store.migrate()):
        with pytest.raises(InputError, match="9999_post_future") as caught:
            await refused
        assert caught.value.code == "store.newer_schema"
        assert caught.value.hint


async def test_a_migration_that_fails_leaves_nothing_behind(store: Store) -> None:
    store._database.writer.exec_driver_sql("CREATE TABLE checkpoints (other TEXT)")
    with pytest.raises(Exception, match="already exists"):
        await store.migrate()
    assert inspect(store._database.writer).get_table_names() == ["checkpoints"]
    store._database.writer.exec_driver_sql("DROP TABLE checkpoints")
    await store.migrate()
    assert await store.is_current()


def test_migrations_are_a_line_and_named_by_when_they_run() -> None:
    script = ScriptDirectory(str(schema._MIGRATIONS))
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    assert len(script.get_heads()) == 1
    for number, revision in enumerate(revisions, start=1):
        assert revision.startswith((f"{number:04}_pre_", f"{number:04}_post_"))
    assert schema._list_revisions() == revisions


def test_every_row_but_those_of_the_one_chain_belongs_to_a_workspace() -> None:
    without = {name for name, table in METADATA.tables.items() if "workspace" not in table.c}
    assert without == {"workspaces", "audit_head", "audit_index", "checkpoints", "anchors"}
