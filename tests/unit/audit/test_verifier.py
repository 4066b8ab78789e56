"""What the auditor's command says of an export or a proof, and the code it ends with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from soar.audit.note import SigningKey
from soar.audit.verifier import OWN_KEYS, main, read_keys

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(taken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command in the auditor's folder; it returns the code and both outputs."""
    monkeypatch.chdir(taken)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


def change(taken: Path, name: str, old: str, new: str) -> None:
    text = (taken / name).read_text("utf-8")
    assert old in text
    (taken / name).write_text(text.replace(old, new, 1), "utf-8")


def test_a_sound_export_is_sound(run: Run) -> None:
    assert run("export.jsonl", "--key", "audit.pub", "--anchor", "anchor.txt") == (
        0,
        "✔ 3 events, 1 chain, 3 checkpoints\n  3 anchored statements agree\n",
        "",
    )


def test_with_the_exports_own_keys_that_is_said(run: Run) -> None:
    assert run("export.jsonl") == (0, f"✔ 3 events, 1 chain, 3 checkpoints\n  {OWN_KEYS}\n", "")
    assert run("unsigned.jsonl") == (
        7,
        (
            "! 3 events, 1 chain, no checkpoint: nothing signed says that these are all, and as they were\n"
            f"  {OWN_KEYS}\n"
        ),
        "",
    )
    assert run("unsigned.jsonl", "--allow-unsigned")[0] == 0


def test_every_fault_is_told_and_none_to_standard_error(run: Run, taken: Path, key: SigningKey) -> None:
    anchors = (taken / "anchor.txt").read_text("utf-8")
    (taken / "broken.txt").write_text(anchors.replace("\n1\n", "\n8\n").replace("\n2\n", "\n9\n"), "utf-8")
    code, said, wrong = run("export.jsonl", "--anchor", "broken.txt")
    assert (code, wrong) == (1, "")
    assert said.splitlines() == [
        f"✖ checkpoint 1 of the anchors does not count: the signature of {key.name} is wrong",
        f"  checkpoint 2 of the anchors does not count: the signature of {key.name} is wrong",
    ]


def test_anchors_in_several_files_all_count(run: Run, taken: Path) -> None:
    (taken / "other.txt").write_text((taken / "anchor.txt").read_text("utf-8"), "utf-8")
    _, said, _ = run("export.jsonl", "--key", "audit.pub", "--anchor", "anchor.txt", "--anchor", "other.txt")
    assert "  6 anchored statements agree\n" in said


def test_a_proof_is_told_from_an_export_and_checked(run: Run, taken: Path) -> None:
    code, said, wrong = run("event.tlog-proof", "--key", "audit.pub")
    assert (code, wrong) == (0, "")
    assert said.startswith("✔ event 1 (approval.voted, ")
    change(taken, "event.tlog-proof", "index 1", "index 0")
    code, said, wrong = run("event.tlog-proof", "--key", "audit.pub")
    assert (code, said) == (1, "")
    assert wrong.startswith("✖ ")


def test_a_proof_counts_by_the_keys_that_are_given_alone(run: Run) -> None:
    assert run("event.tlog-proof") == (1, "", "✖ no known key has signed this\n")


def test_a_changed_event_and_a_changed_line_are_not_sound(run: Run, taken: Path) -> None:
    change(taken, "export.jsonl", '"size":3', '"size": 3')
    code, said, wrong = run("export.jsonl", "--key", "audit.pub")
    assert (code, said, wrong) == (1, "", "✖ line 1 is not in canonical form (RFC 8785)\n")
    change(taken, "export.jsonl", '"size": 3', '"size":3')
    change(taken, "export.jsonl", "carol", "mallo")
    code, said, wrong = run("export.jsonl", "--key", "audit.pub")
    assert (code, said, wrong) == (1, "✖ event 0 was changed (hash differs); nothing before it is signed\n", "")


def test_an_export_whose_line_ends_were_changed_is_not_sound(run: Run, taken: Path) -> None:
    (taken / "export.jsonl").write_bytes((taken / "export.jsonl").read_bytes().replace(b"\n", b"\r\n"))
    assert run("export.jsonl")[::2] == (1, "✖ line 1 is not in canonical form (RFC 8785)\n")


def test_what_is_not_there_and_what_cannot_be_read_are_told_apart(run: Run, taken: Path) -> None:
    assert run("nothing.jsonl") == (6, "", "✖ there is no nothing.jsonl\n")
    assert run("export.jsonl", "--anchor", "nothing.txt") == (6, "", "✖ there is no nothing.txt\n")
    (taken / "empty.txt").write_text("", "utf-8")
    assert run("export.jsonl", "--anchor", "empty.txt") == (2, "", "✖ empty.txt holds no checkpoint\n")
    (taken / "binary").write_bytes(b"\xff\xfe\n")
    for arguments in (("binary",), ("export.jsonl", "--anchor", "binary"), ("export.jsonl", "--key", "binary")):
        code, said, wrong = run(*arguments)
        assert (code, said) == (2, "")
        assert wrong.startswith("✖ binary cannot be read: 'utf-8' codec can't decode")
    code, _, wrong = run("export.jsonl", "--key", "nonsense")
    assert (code, wrong) == (2, "✖ `nonsense` is no public key\n")


def test_a_command_without_a_file_is_no_command(run: Run) -> None:
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2


def test_help_says_what_the_codes_mean(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--help")
    said = capsys.readouterr().out
    assert caught.value.code == 0
    assert "Check an export of the audit record, or the proof of one event. Needs no network and no server.\n" in said
    assert "6 no such file, 7 whole, but no checkpoint vouches for it" in said
    for line in (
        "an export, or the proof of one event",
        "a public key, or a file of them; repeatable",
        "checkpoints that were kept elsewhere; repeatable",
        "take a record without any checkpoint",
    ):
        assert f" {line} " in f"{' '.join(said.split())} "


def test_keys_are_given_as_text_or_in_files_of_one_a_line(tmp_path: Path, key: SigningKey) -> None:
    (tmp_path / "keys").write_text(f"\n  {key.verifier}  \n\n{key.verifier}\n", "utf-8")
    assert read_keys([str(key.verifier), str(tmp_path / "keys")]) == [key.verifier] * 3
    assert read_keys([]) == []
