"""Files, processes and terminals that other products gave away."""

import ast
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError

from soar.app.anchors.settings import GitAnchorSettings
from soar.app.log import configure_log
from soar.app.passwords import Passwords
from soar.cli.main import main
from tests.security.neighbours.table import answers
from tests.security.neighbours.wire import get_raw
from tests.support.repository import ROOT
from tests.support.service import Face, open_face
from tests.unit.cli.fakes import TOKEN, FakeApi

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\r\nforged: line\u202egnp.exe\u200b"
STARTING = {
    "subprocess",
    "multiprocessing",
    "pty",
    "ctypes",
    "os.system",
    "os.popen",
    "os.fork",
    "os.posix_spawn",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "eval",
    "exec",
    "compile",
}
PROCESSES = [
    "soar/app/anchors/git.py: asyncio.create_subprocess_exec",
    "soar/app/body_reader.py: asyncio.create_subprocess_exec",
    "soar/app/migration.py: os.fork",
]
"""Of an anchor: its arguments go one by one to no shell, and none of them can be read as an option. Our own module that
reads bodies: its arguments are constants, and bodies come to it through a pipe. And ourselves, to migrate, before
anything was let in."""
UNPACKING = {"tarfile", "zipfile", "shutil.unpack_archive", "gzip", "bz2", "lzma", "zlib"}
PACKING = "soar/ingest/bodies/packing.py"
"""The one place that unpacks: a single gzip member, into memory and no further than a body may be long."""
READING = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "xml.etree.ElementTree.parse", "xml.sax", "xml.dom"}


@contextmanager
def serve() -> Iterator[FakeApi]:
    with FakeApi() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeApi]:
    """A server that the command line speaks to."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with serve() as server:
        monkeypatch.setenv("SOAR_URL", server.url)
        monkeypatch.setenv("SOAR_TOKEN", TOKEN)
        yield server


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit):
        main(arguments)


def list_within(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def list_named(source: str) -> Iterator[str]:
    """Yield every module that a text imports, and every name that it calls."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                yield f"{module}.{name}"


def find_in_service(refused: set[str]) -> list[str]:
    files = [
        path
        for folder in ("soar", "connectors")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not path.name.startswith("test_")
    ]
    assert len(files) > 300
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in list_named(path.read_text("utf-8"))
        if name in refused or name.partition(".")[0] in refused
    ]


@answers("CVE-2025-50946")
def test_the_service_starts_no_process_but_git_and_its_reader_and_runs_no_text() -> None:
    assert find_in_service(STARTING) == PROCESSES
    assert {"subprocess", "os.system", "eval"} <= set(
        list_named("import subprocess\nimport os\nos.system('id')\neval('1')")
    )


@answers("CVE-2022-42968", "CVE-2026-40938")
@pytest.mark.parametrize("field", ["remote", "branch", "file"])
@pytest.mark.parametrize("value", ["--upload-pack=id", "-o", "", " --all", "a b", "a;id", "a\n--all", "$(id)"])
def test_no_setting_is_an_option_of_git(tmp_path: Path, field: str, value: str) -> None:
    assert GitAnchorSettings.model_validate({"kind": "git", "folder": tmp_path, field: "plain"})
    with pytest.raises(ValidationError):
        GitAnchorSettings.model_validate({"kind": "git", "folder": tmp_path, field: value})


@answers("CVE-2025-66626", "CVE-2026-35454")
def test_the_service_unpacks_no_archive() -> None:
    assert {found for found in find_in_service(UNPACKING) if not found.startswith(f"{PACKING}: zlib")} == set()


@answers("CVE-2023-50943", "CVE-2020-11981")
def test_the_service_reads_no_format_that_makes_objects() -> None:
    assert find_in_service(READING) == []


@answers("CVE-2023-3997")
@pytest.mark.parametrize("command", [("alert", "list"), ("alert", "list", "--json")])
def test_what_an_alert_says_commands_no_terminal(
    api: FakeApi, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    alert = {
        "id": "al_1",
        "source": HOSTILE,
        "kind": HOSTILE,
        "title": HOSTILE,
        "severity": "low",
        "received_at": "2026-03-01T09:00:00Z",
        "entities": {},
        "matches": [],
    }
    api.answer("GET", "/api/v1/alerts", {"items": [alert], "next": None})
    run(*command)
    written = capsys.readouterr()
    assert "red" in written.out
    assert [letter for letter in written.out + written.err if letter in "\x1b\x07\x9b\r\u202e\u200b"] == []
    assert not any(line.startswith("forged") for line in written.out.splitlines())


@answers("GHSA-xx6g-43w2-9g6g")
def test_nobody_writes_a_line_of_the_log_but_us(capsys: pytest.CaptureFixture[str]) -> None:
    configure_log("info")
    structlog.get_logger().info(HOSTILE, name=HOSTILE, of=[HOSTILE])
    structlog.reset_defaults()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    assert set(json.loads(line)) == {"event", "name", "of", "level", "timestamp"}


@answers("CVE-2024-23897")
def test_an_at_sign_reads_no_file(api: FakeApi, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter22\n")
    run("run", "show", f"@{secret}")
    run("approval", "show", f"@{secret}")
    run("list", "add", "vip", f"@{secret}")
    assert len(api.asked) >= 2
    assert "hunter22" not in str(api.asked)


@answers("CVE-2026-55431")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_is_shown_to_the_server_that_was_named_and_no_other(api: FakeApi, status: int) -> None:
    with serve() as other:
        api.answer("GET", "/api/v1/runs", {}, status=status, headers={"Location": f"{other.url}/api/v1/runs"})
        run("run", "list")
        assert [asked.headers["Authorization"] for asked in api.asked] == [f"Bearer {TOKEN}"]
        assert other.asked == []


@answers("CVE-2021-43798")
@pytest.mark.parametrize(
    "target",
    [
        "/assets/../../vault.key",
        "/assets/..%2f..%2fvault.key",
        "/assets/%2e%2e/%2e%2e/vault.key",
        "/assets/....//....//vault.key",
        "/assets//etc/passwd",
        "/..%2fvault.key",
        "/assets/%00",
        "/assets/..\\..\\vault.key",
    ],
)
async def test_no_address_names_a_file(tmp_path: Path, passwords: Passwords, target: str) -> None:
    pages = tmp_path / "static"
    (pages / "assets").mkdir(parents=True)
    (pages / "assets" / "index.js").write_text("start()")
    async with open_face(tmp_path, passwords, pages=pages) as face:
        assert (await get_raw(face, "/assets/index.js"))[0] == 200
        status, received = await get_raw(face, target)
        assert status in {400, 404}
        assert (tmp_path / "vault.key").read_bytes().strip() not in received
        assert b"root:" not in received


@answers("CVE-2026-27598")
async def test_an_id_writes_and_reads_no_file(face: Face, tmp_path: Path) -> None:
    before = list_within(tmp_path)
    ann = await face.person("ann")
    for id_ in ("../escaped", "..%2fescaped", "/etc/passwd", "x\0y", "purge.yaml", "CON", "a" * 300):
        answer = await ann.post("/playbooks/validate", {"id": id_, "text": "name: X\nsteps: []\n"})
        assert answer.status in {200, 422}, id_
    for target in ("..%2fvault.key", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd"):
        assert (await ann.get(f"/playbooks/{target}")).status == 404
    assert list_within(tmp_path) == before
