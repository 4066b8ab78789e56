from pathlib import Path

import pytest

from soar.access.roles import DEFAULT_ROLES
from soar.app.settings import Settings, find_bundled
from soar.app.site import read_site
from soar.model.errors import InputError
from soar.policy import DEFAULT_POLICY

SOURCE = "auth: {bearer: {secret: probe_hook}}\nalert: {kind: '\"probe.seen\"'}\n"


def test_a_site_without_files_has_what_comes_with_the_product(settings: Settings) -> None:
    site = read_site(settings)
    assert {"http", "chat"} <= set(site.connectors)
    assert set(site.catalog.connectors) == set(site.connectors)
    assert site.connections == {}
    assert site.sources == {}
    assert site.policy == DEFAULT_POLICY
    assert site.roles == DEFAULT_ROLES


def test_its_own_files_are_read(settings: Settings) -> None:
    paths = settings.paths
    paths.policy.write_text("gates: []\n", "utf-8")
    paths.roles.write_text("roles: {tier1: [alert:read]}\n", "utf-8")
    paths.connections.write_text("connections: {chat: {}}\n", "utf-8")
    (paths.sources / "probe.yaml").write_text(SOURCE, "utf-8")
    site = read_site(settings)
    assert site.policy.gates == ()
    assert "tier1" in site.roles
    assert set(site.connections) == {"chat"}
    assert set(site.sources) == {"probe"}


def test_the_demo_simulates_what_its_file_does_not_connect(settings: Settings) -> None:
    settings.paths.connections.write_text("connections: {chat: {hosts: [chat.example]}}\n", "utf-8")
    site = read_site(settings.model_copy(update={"is_demo": True}))
    assert site.connections["exchange"].simulate is True
    assert site.connections["chat"].hosts == ("chat.example",)


def test_two_connectors_of_one_id_are_refused_with_both_places(settings: Settings) -> None:
    own = settings.paths.connectors / "chat"
    own.mkdir()
    (own / "manifest.yaml").write_text("id: chat\n", "utf-8")
    with pytest.raises(InputError, match="connector chat is there twice: ") as caught:
        read_site(settings)
    assert str(own) in caught.value.message
    assert str(find_bundled("connectors") / "chat") in caught.value.message


def test_the_bundled_folder_named_as_its_own_is_searched_once(settings: Settings) -> None:
    paths = settings.paths.model_copy(update={"connectors": find_bundled("connectors")})
    assert "chat" in read_site(settings.model_copy(update={"paths": paths})).connectors


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("sources/probe.yaml", "alert: {}\n", "either `auth`"),
        ("sources/probe.yaml", SOURCE + "poll: {uses: http.pages}\n", "either `auth`"),
        ("sources/probe.yaml", "poll: {uses: http.pages, every: 1ms}\nalert: {}\n", "/poll/every"),
        ("sources/probe.yaml", "poll: {uses: http.page}\nalert: {}\n", "there is no trigger http.page"),
        ("sources/probe.yaml", "poll: {uses: http.pages}\nalert: {}\n", "http has no connection http"),
        ("sources/probe.yaml", SOURCE.replace("'\"probe.seen\"'", "raw."), "alert.kind"),
        ("sources/Probe.yaml", SOURCE, "`Probe` is no source id"),
        ("policy.yaml", "gates: [{name: x}]\n", "/gates/0"),
        ("policy.yaml", "- gates\n", "the policy has"),
        ("roles.yaml", "roles: {tier1: [alert:reed]}\n", "table of roles"),
        ("roles.yaml", "tier1: []\n", "roles must be a map"),
        ("connections.yaml", "connections: {siem: {}}\n", "no connector `siem`"),
        ("connections.yaml", "connection: {}\n", "the connections do not fit"),
        ("connections.yaml", "connections: {\n", "P010"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong_in_it(settings: Settings, name: str, text: str, said: str) -> None:
    file = settings.paths.policy.parent / name
    file.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_site(settings)
    assert caught.value.message.startswith(f"{file}:")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("connection", "arguments", "said"),
    [
        ("hosts: [a.example]", "{url: 'https://a.example/'}", "cursor: Field required"),
        ("hosts: [a.example], allow: {playbooks: [triage]}", "{}", "is kept for some playbooks"),
        ("hosts: [a.example]", "{url: 'https://a.example/', cursor: next}", None),
    ],
)
def test_a_source_is_polled_with_what_its_trigger_takes(
    settings: Settings, connection: str, arguments: str, said: str | None
) -> None:
    settings.paths.connections.write_text(f"connections: {{http: {{{connection}}}}}\n", "utf-8")
    text = f"poll: {{uses: http.pages, with: {arguments}}}\nalert: {{}}\n"
    (settings.paths.sources / "probe.yaml").write_text(text, "utf-8")
    if said is None:
        assert read_site(settings).sources["probe"].poll is not None
        return
    with pytest.raises(InputError) as caught:
        read_site(settings)
    assert said in caught.value.message


def test_the_fields_of_a_bad_file_are_pointed_at(settings: Settings) -> None:
    settings.paths.connections.write_text("connections: {chat: {modus: live}}\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_site(settings)
    assert [fault.pointer for fault in caught.value.faults] == ["/connections/chat/modus"]
    assert caught.value.code == "connections.invalid"


def test_a_source_that_cannot_be_read_is_told(settings: Settings) -> None:
    folder: Path = settings.paths.sources / "probe.yaml"
    folder.mkdir()
    with pytest.raises(InputError, match=r"probe\.yaml cannot be read"):
        read_site(settings)
