import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from soar.audit.eraser import Eraser, Subject, SubjectKind
from soar.audit.export import export_lines
from soar.audit.keeper import checkpoint_head, prove_event
from soar.audit.note import SigningKey
from soar.audit.single_file import list_modules, write_verifier
from soar.model.audit import AuditRecord
from soar.store import Unit, open_store
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess
from tests.support.randomness import SeededRandomness

ORIGIN = "soar.example/audit"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def verifier(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the single file away from the package, without network where the kernel lets us."""
    (tmp_path / "verify.py").write_text(write_verifier(), "utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        program = [sys.executable, "-I", "verify.py", *arguments]
        ended = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    return run


def test_it_is_made_of_the_modules_themselves_byte_for_byte() -> None:
    text = write_verifier()
    for name, source in list_modules().items():
        assert source == (ROOT / f"{name.replace('.', '/')}.py").read_text("utf-8")
        assert source in text


def test_it_needs_the_standard_library_and_the_ciphers_alone() -> None:
    tops = {
        (name or "").partition(".")[0]
        for source in list_modules().values()
        for node in ast.walk(ast.parse(source))
        for name in _list_imports(node)
    }
    assert tops - set(sys.stdlib_module_names) == {"soar", "cryptography"}
    needed = {name for name in list_modules() if name.startswith("soar.")}
    assert not {name for name in needed if name.split(".")[1] not in {"audit", "model"}}


def _list_imports(node: ast.AST) -> list[str | None]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []


def test_a_sound_export_is_told_to_be_sound(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    code, said = verifier("export.jsonl", "--key", "audit.pub", "--anchor", "anchor.txt")
    assert said == "✔ 3 events, 1 chain, 3 checkpoints\n  3 anchored statements agree\n"
    assert code == 0


def test_the_product_itself_is_not_what_runs(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    (taken / "soar").mkdir()
    (taken / "soar" / "__init__.py").write_text("raise SystemExit('another package')")
    assert verifier("export.jsonl", "--key", "audit.pub")[0] == 0


def test_the_first_bad_event_is_named(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    file = taken / "export.jsonl"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    lines[2] = lines[2].replace("carol", "mallo")
    file.write_text("".join(lines), "utf-8")
    code, said = verifier("export.jsonl", "--key", "audit.pub")
    assert (code, said) == (1, "✖ event 1 was changed (hash differs); event 0 is sound, as signed\n")


def test_what_an_anchor_has_seen_cannot_be_cut_off(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    lines = (taken / "export.jsonl").read_text("utf-8").splitlines(keepends=True)
    heading = lines[0].replace('"size":3', '"size":2')
    (taken / "short.jsonl").write_text("".join((heading, *lines[1:3], *lines[4:6])), "utf-8")
    code, said = verifier("short.jsonl", "--key", "audit.pub", "--anchor", "anchor.txt")
    assert code == 1
    assert "the record ends after 2 events, but a signed checkpoint counts 3: 1 is missing" in said


def test_a_whole_record_that_nobody_signed_has_a_code_of_its_own(
    verifier: Callable[..., tuple[int, str]], taken: Path
) -> None:
    code, said = verifier("unsigned.jsonl", "--key", "audit.pub")
    assert (code, said[0]) == (7, "!")
    assert verifier("unsigned.jsonl", "--key", "audit.pub", "--allow-unsigned")[0] == 0


def test_a_proof_is_checked(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    code, said = verifier("event.tlog-proof", "--key", "audit.pub")
    assert code == 0
    assert said.startswith("✔ event 1 (approval.voted, ")
    proof = (taken / "event.tlog-proof").read_text("utf-8").replace("index 1", "index 0")
    (taken / "event.tlog-proof").write_text(proof, "utf-8")
    assert verifier("event.tlog-proof", "--key", "audit.pub")[0] == 1


def test_what_cannot_be_read_is_told(verifier: Callable[..., tuple[int, str]], taken: Path) -> None:
    assert verifier("nothing.jsonl")[0] == 6
    assert verifier("export.jsonl", "--key", "nonsense")[0] == 2
    (taken / "empty.txt").write_text("")
    code, said = verifier("export.jsonl", "--key", "audit.pub", "--anchor", "empty.txt")
    assert (code, said) == (2, "✖ empty.txt holds no checkpoint\n")


async def test_it_checks_a_record_that_something_was_erased_from(
    verifier: Callable[..., tuple[int, str]],
    disk: InlineDisk,
    process: RecordingProcess,
    ids: SeededIds,
    write_event: Callable[..., AuditRecord],
    key: SigningKey,
    tmp_path: Path,
) -> None:
    store = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk, randomness=SeededRandomness())
    await store.migrate()

    def work(unit: Unit) -> None:
        write_event(unit, "größer ≥")
        write_event(unit)
        checkpoint_head(unit, key=key, origin=ORIGIN, at=START)

    await store.write("w", work)
    eraser, subject = Eraser(store, ids=ids), Subject(SubjectKind.USER, "u_carol")
    for id_ in ("u_ann", "u_bob"):
        await eraser.erase("w", subject, "was asked for", actor=build_actor(id=id_), now=START)

    def read(unit: Unit) -> tuple[list[str], str]:
        records, checkpoints = unit.audit.range(0, 9), unit.audit.checkpoints()
        return [*export_lines(records, checkpoints, [], head=unit.audit.head())], prove_event(unit, 0)

    lines, proof = await store.read("w", read)
    await store.close()
    assert "größer" not in "".join(lines) + proof
    (tmp_path / "audit.pub").write_text(f"{key.verifier}\n", "utf-8")
    (tmp_path / "export.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (tmp_path / "event.tlog-proof").write_text(proof, "utf-8")
    code, said = verifier("export.jsonl", "--key", "audit.pub")
    assert (code, said.splitlines()[0]) == (0, "✔ 4 events, 1 chain, 1 checkpoint"), said
    assert "1 tombstone: parts of 2 events were erased" in said
    assert verifier("event.tlog-proof", "--key", "audit.pub")[0] == 0
