from ipaddress import ip_network
from pathlib import Path

import pytest

from soar.access.proxies import Proxies
from soar.app.settings import Settings, load_settings
from soar.model.errors import InputError


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOAR_URL", "SOAR_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    file = folder / "soar.yaml"
    file.write_text(text, "utf-8")
    return file


def test_without_a_word_the_defaults_hold() -> None:
    settings = load_settings(None)
    assert settings == Settings()
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8600)
    assert settings.database.url == "sqlite:///soar.db"
    assert settings.is_demo is False


def test_the_environment_wins_over_the_file_and_flags_win_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "server: {listen: '127.0.0.1:1', drain: 5, url: https://file.example}\nworkspace: north\n")
    monkeypatch.setenv("SOAR_SERVER__LISTEN", "127.0.0.1:2")
    monkeypatch.setenv("SOAR_SERVER__DRAIN", "6.5")
    settings = load_settings(file, {"server": {"listen": "127.0.0.1:3"}})
    assert settings.server.port == 3
    assert settings.server.drain == 6.5
    assert settings.server.url == "https://file.example"
    assert settings.workspace == "north"


def test_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"soar\.yaml:1:1: P003 the file is empty"):
        load_settings(write(tmp_path, "# nothing yet\n"))


def test_lists_and_maps_are_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_AUDIT__ANCHORS", '["/var/lib/a.txt", "/var/lib/b.txt"]')
    monkeypatch.setenv("SOAR_CONFIG", '{"vip": ["ada"]}')
    settings = load_settings(None)
    assert settings.audit.anchors == (Path("/var/lib/a.txt"), Path("/var/lib/b.txt"))
    assert settings.config == {"vip": ["ada"]}


def test_a_mounted_file_holds_a_setting_and_its_text_stays_out_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path / "url"
    mounted.write_text("sqlite:///elsewhere.db\n", "utf-8")
    monkeypatch.setenv("SOAR_DATABASE__URL_FILE", str(mounted))
    assert load_settings(None).database.url == "sqlite:///elsewhere.db"
    mounted.write_text("sqlite:///changed.db\n", "utf-8")
    assert load_settings(None).database.url == "sqlite:///changed.db"


def test_a_setting_that_ends_in_file_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_VAULT__KEY_FILE", str(tmp_path / "not-there.key"))
    assert load_settings(None).vault.key_file == tmp_path / "not-there.key"


@pytest.mark.parametrize("is_text", [False, True])
def test_a_mounted_file_that_cannot_be_read_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_text: bool
) -> None:
    mounted = tmp_path / "url"
    if is_text:
        mounted.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("SOAR_DATABASE__URL_FILE", str(mounted))
    with pytest.raises(InputError, match=r"^SOAR_DATABASE__URL_FILE names .*url, which cannot be read: ") as caught:
        load_settings(None)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "place", "pointer"),
    [
        ("servr: {listen: x}\n", "servr: ", "/servr"),
        ("server: {lisen: 127.0.0.1:1}\n", r"server\.lisen: ", "/server/lisen"),
        ("server: {drain: soon}\n", r"server\.drain: ", "/server/drain"),
        ("server: {drain: -1}\n", r"server\.drain: ", "/server/drain"),
        ("server: {listen: nowhere}\n", r"server\.listen: .*write host:port", "/server/listen"),
        ("server: {listen: '127.0.0.1:65536'}\n", r"server\.listen: ", "/server/listen"),
        ("server: {trusted_proxies: [10.0.0.1/8]}\n", r"server\.trusted_proxies: ", "/server/trusted_proxies"),
        (
            "server: {trusted_proxies: [0.0.0.0/0]}\n",
            r"server\.trusted_proxies: .*everybody",
            "/server/trusted_proxies",
        ),
        ("server: {trusted_proxies: ['::/0']}\n", r"server\.trusted_proxies: .*every", "/server/trusted_proxies"),
        ("server: {trusted_proxies: [nginx]}\n", r"server\.trusted_proxies: ", "/server/trusted_proxies"),
        ("server: {proxy_header: X-Real-IP}\n", r"server\.proxy_header: ", "/server/proxy_header"),
        ("server: {hooks_listen: nowhere}\n", r"server\.hooks_listen: .*write host:port", "/server/hooks_listen"),
        ("worker: {health: ':8601'}\n", r"worker\.health: .*write host:port", "/worker/health"),
        ("audit: {interval: 0}\n", r"audit\.interval: ", "/audit/interval"),
        ("log: {level: loud}\n", r"log\.level: ", "/log/level"),
    ],
)
def test_a_setting_that_is_unknown_or_does_not_fit_is_named(
    tmp_path: Path, text: str, place: str, pointer: str
) -> None:
    with pytest.raises(InputError, match=f"^the settings do not fit: {place}") as caught:
        load_settings(write(tmp_path, text))
    assert caught.value.code == "settings.invalid"
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_proxies_are_trusted_by_their_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().server.proxies.networks == ()
    server = load_settings(write(tmp_path, "server: {trusted_proxies: [10.0.0.1, '2001:db8::/64']}\n")).server
    assert server.proxies.networks == (ip_network("10.0.0.1/32"), ip_network("2001:db8::/64"))
    monkeypatch.setenv("SOAR_SERVER__TRUSTED_PROXIES", '["172.17.0.1/32"]')
    monkeypatch.setenv("SOAR_SERVER__PROXY_HEADER", "Forwarded")
    assert load_settings(None).server.proxies == Proxies((ip_network("172.17.0.1/32"),), "Forwarded")


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(write(tmp_path, "log: {level: loud}\nserver: {drain: soon}\n"))
    assert {fault.pointer for fault in caught.value.faults} == {"/log/level", "/server/drain"}


def test_an_unknown_key_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_SERVER__LISEN", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"server\.lisen: "):
        load_settings(None)


def test_an_unknown_section_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_SERVR__LISTEN", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"^SOAR_SERVR__LISTEN is no setting: there is no section servr$") as caught:
        load_settings(None)
    assert "server" in (caught.value.hint or "")


def test_what_the_command_line_reads_for_itself_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_URL", "https://soar.example")
    monkeypatch.setenv("SOAR_TOKEN", "a made-up token")
    monkeypatch.setenv("SOAR_TOKEN_FILE", "not-there")
    assert load_settings(None) == Settings()


def test_a_map_that_is_no_json_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_CONFIG", "{vip")
    with pytest.raises(InputError, match='"config"') as caught:
        load_settings(None)
    assert "JSON" in (caught.value.hint or "")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*soar\.yaml") as caught:
        load_settings(tmp_path / "soar.yaml")
    assert caught.value.code == "settings.missing"


def test_a_folder_is_no_file_of_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: "):
        load_settings(tmp_path)


def test_a_list_is_no_map_of_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no map of settings") as caught:
        load_settings(write(tmp_path, "- server\n"))
    assert caught.value.code == "settings.malformed"


@pytest.mark.parametrize(("listen", "host", "port"), [("[::1]:0", "::1", 0), ("soar.example:443", "soar.example", 443)])
def test_an_address_is_taken_apart(listen: str, host: str, port: int) -> None:
    server = load_settings(None, {"server": {"listen": listen}}).server
    assert (server.host, server.port) == (host, port)
