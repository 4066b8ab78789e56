"""What the pages say of data, keys, neighbours, logs, waits and logins is what the code does."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import pytest

import soar.store
from soar.api import authentication, lockout
from soar.app.anchors import settings as anchors
from soar.app.ids import SystemRandomness
from soar.app.settings import VaultSettings
from soar.people.codes import draw_code
from soar.people.passwords import check_password
from soar.people.totp import SECRET_BYTES
from soar.store.columns import METADATA
from tests.support.builders import build_user
from tests.support.randomness import SeededRandomness
from tests.support.repository import ROOT

INVENTORIES = (ROOT / "docs/security/inventories.md").read_text("utf-8")
PEOPLE = (ROOT / "docs/howto/manage-people.md").read_text("utf-8")
SECURITY = (ROOT / "docs/design/security.md").read_text("utf-8")
SIGN_ON = (ROOT / "docs/howto/single-sign-on.md").read_text("utf-8")
CRYPTO = ("cryptography.hazmat.primitives", "argon2")
PLAIN = {
    "hashes",
    "serialization",
    "InvalidSignature",
    "Encoding",
    "PublicFormat",
    "PrivateFormat",
    "NoEncryption",
    "InvalidHashError",
    "VerificationError",
}


def read_section(title: str) -> str:
    """Return the text under a heading of the inventories."""
    return INVENTORIES.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def list_modules(words: str, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the modules of folders in whose text a pattern is found: parsing them all takes long."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text("utf-8")
            if re.search(words, text):
                yield file, ast.parse(text)


def flatten(text: str) -> str:
    return " ".join(text.split())


def test_every_table_has_one_class_of_sensitivity_and_its_protection() -> None:
    for module in iter_modules(soar.store.__path__):
        if module.name.endswith("tables"):
            import_module(f"soar.store.{module.name}")
    rows = [line.strip("| ").split(" | ") for line in read_section("Data, by how sensitive it is").splitlines()]
    classes = {
        row[0]: row for row in rows if len(row) == 4 and row[0] in {"proof", "record", "confidential", "internal"}
    }
    assert len(classes) == 4
    named = [table for row in classes.values() for table in re.findall(r"`([a-z_]+)`", row[3])]
    assert sorted(named) == sorted(METADATA.tables)
    assert all(len(row[2]) > len("permission") - 1 for row in classes.values())


def _list_algorithms() -> Iterator[str]:
    for _, module in list_modules("cryptography|hashlib|hmac|argon2", "soar"):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(CRYPTO):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name == "hmac")
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"hashlib", "hashes"}:
                yield node.attr


def test_every_algorithm_that_the_code_takes_is_in_the_inventory() -> None:
    found = {
        name for name in _list_algorithms() if name[0].isupper() or name.startswith(("sha", "md5", "hmac"))
    } - PLAIN
    assert {"AESGCM", "sha256", "md5", "hmac"} <= found
    section = read_section("Keys and algorithms")
    assert sorted(name for name in found if f"`{name}`" not in section) == []


def test_everybody_the_service_speaks_to_is_in_the_inventory() -> None:
    section = read_section("Whom the service speaks to")
    kinds = {
        get_args(kind.model_fields["kind"].annotation)[0]
        for kind in vars(anchors).values()
        if isinstance(kind, type) and hasattr(kind, "model_fields") and "kind" in kind.model_fields
    }
    providers = set(get_args(VaultSettings.model_fields["provider"].annotation))
    assert {"s3", "syslog", "witness", "http"} <= kinds
    assert "aws-kms" in providers
    assert sorted(name for name in kinds | providers if f"`{name}`" not in section) == []


def test_the_log_is_written_in_one_place() -> None:
    section = read_section("What is logged where")
    assert all(word in section for word in ("standard error", "the database", "UTC", "JSON"))
    loggers = {
        f"soar.{file.relative_to(ROOT).parts[1]}"
        for file, module in list_modules("structlog|logging|syslog", "soar", "connectors")
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.partition(".")[0] in {"structlog", "logging", "syslog"}
    }
    assert loggers == {"soar.api", "soar.app"}


def test_the_defences_against_guessing_are_written_down_as_they_are() -> None:
    page = flatten(PEOPLE)
    words = {5: "fifth", 20: "20", 60.0: "a minute", 300.0: "5 minutes"}
    assert f"after the {words[lockout._FREE_BY_NAME]} and then twice as long each time" in page
    assert f"at most {words[lockout._LONGEST_BY_NAME]}" in page
    assert (
        f"an address waits after {words[lockout._FREE_BY_ADDRESS]}, at most {words[lockout._LONGEST_BY_ADDRESS]}"
        in page
    )
    assert "Nobody waits for what others do under their name at an address where they have logged in" in page


@pytest.mark.parametrize("word", ["the person's own name", "their address", "`soar`", "the host"])
def test_words_that_no_password_is_made_of_are_written_down(word: str) -> None:
    assert word in flatten(PEOPLE)


def test_words_that_are_written_down_make_no_password() -> None:
    user = build_user(name="carolina-the-lead", email="c.montgomery@corp.example")
    for word in ("carolina-the-lead", "c.montgomery@corp.example", "soarsoarsoarsoar", "sentinel-prime-host"):
        assert check_password(word, user, ["sentinel-prime-host"])


def test_the_ends_of_logins_are_written_down_with_why() -> None:
    page = flatten(SECURITY)
    assert (timedelta(minutes=30), timedelta(hours=12)) == (authentication.IDLE, authentication.LONGEST_LOGIN)
    assert "A login ends after 30 idle minutes and after 12 hours" in page
    assert "NIST SP 800-63B" in page
    assert "There is no bound on how many logins a person has" in page


def test_every_way_to_log_in_is_written_down() -> None:
    page = SECURITY.partition("## Ways to log in")[2].partition("\n## ")[0]
    for way in ("password", "identity provider", "token", "invitation", "emergency access", "chat"):
        assert f"| {way} " in page, way
    ends = flatten(SIGN_ON.partition("## 5. Log out")[2])
    assert "here" in ends
    assert "back-channel" in ends


def test_data_is_never_a_format_string() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file, module in list_modules(r"format|[\"'] % ", "soar", "connectors")
        if not file.name.startswith("test_")
        for node in ast.walk(module)
        if _is_formatting(node)
    ]
    assert found == []


def _is_formatting(node: ast.AST) -> bool:
    """Whether something formats by a text that is neither written there nor a constant of its module."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in {"format", "format_map", "vformat"}:
            return False
        by = node.func.value
        is_constant = isinstance(by, ast.Constant) or (isinstance(by, ast.Name) and by.id.lstrip("_").isupper())
        return not is_constant
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.JoinedStr)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("said.format(x=1)", True),
        ("self.text.format_map(given)", True),
        ("f'{said} %s' % given", True),
        ("'{}'.format(said)", False),
        ("_HEAD.format(said)", False),
    ],
)
def test_formatting_by_data_would_be_found(text: str, *, is_found: bool) -> None:
    assert any(_is_formatting(node) for node in ast.walk(ast.parse(text))) is is_found


def test_browsers_are_given_one_switch_to_keep_and_nothing_else() -> None:
    kept = [
        (file.name, match)
        for file in sorted((ROOT / "web/src").rglob("*.ts*"))
        for match in re.findall(
            r"(?:localStorage|sessionStorage|indexedDB|document\.cookie|caches)\b[^;\n]*", file.read_text("utf-8")
        )
    ]
    assert [name for name, _ in kept] == ["keys.ts", "keys.ts"]
    assert all("STORED" in match for _, match in kept)


def test_codes_and_seeds_come_from_the_kernels_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def draw(count: int) -> bytes:
        asked.append(count)
        return b"\xff" * count

    monkeypatch.setattr("os.urandom", draw)
    assert set(draw_code(SystemRandomness()).replace("-", "")) == {"z"}
    assert SystemRandomness().bytes(SECRET_BYTES) == b"\xff" * SECRET_BYTES
    assert len(asked) == 2
    assert draw_code(SeededRandomness(1)) != draw_code(SeededRandomness(2))
    users = {
        str(file.relative_to(ROOT))
        for file, module in list_modules("import (random|secrets)|from (random|secrets)", "soar")
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name in {"random", "secrets"}
    }
    assert users == {"soar/app/ids.py"}


def test_how_soon_libraries_are_mended_is_written_down() -> None:
    page = flatten(read_section("When libraries are mended"))
    assert all(term in page for term in ("within two working days", "within 7 days", "within 30 days"))


def test_what_costs_much_is_written_down_with_settings_that_are_there() -> None:
    settings = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+\.[a-z_]+)`", read_section("What costs much, and what holds it off"))
    assert len(named) >= 5
    assert [name for name in named if f"`{name}`" not in settings] == []
