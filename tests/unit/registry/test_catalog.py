from pathlib import Path

from soar.model.catalog import Effect, Repeat
from soar.registry.catalog import build_catalog
from soar.registry.discover import Found, discover
from soar.registry.load import ReadYaml, load_connector, load_connectors

SHIPPED = Path(__file__).parents[3] / "connectors"


def test_a_catalog_tells_what_connectors_can_do(sample: Path, read_yaml: ReadYaml) -> None:
    loaded = load_connector(Found("sample", sample), read_yaml)
    catalog = build_catalog([loaded])
    spec = catalog.connectors["sample"]
    assert (spec.title, spec.version, spec.hosts, spec.secrets) == (
        "Sample",
        "1.0.0",
        ("api.sample.example",),
        ("token",),
    )
    assert spec.digest == loaded.digest
    assert not spec.has_simulator
    assert not spec.is_channel
    make = catalog.find_action("sample.make")
    assert make is not None
    assert (make.effect, make.repeat, make.undo, make.undo_arguments) == (
        Effect.WRITE,
        Repeat.KEYED,
        "drop",
        {"name": "with.name"},
    )
    assert make.parameters["additionalProperties"] is False
    assert make.parameters["required"] == ["name"]
    assert make.result["properties"] == {
        "said": {"title": "Said", "type": "string"},
        "depth": {"title": "Depth", "type": "integer"},
    }


def test_a_schema_is_made_when_it_is_looked_at_and_no_earlier(sample: Path, read_yaml: ReadYaml) -> None:
    loaded = load_connector(Found("sample", sample), read_yaml, is_tested=True)
    make = build_catalog([loaded]).connectors["sample"].actions["make"]
    takes = loaded.actions["make"].takes
    assert not takes.__pydantic_complete__
    assert make.parameters == takes.model_json_schema()
    assert len(make.parameters) == len([*make.parameters])
    assert takes.__pydantic_complete__


def test_the_phishing_playbook_finds_its_actions(read_yaml: ReadYaml) -> None:
    catalog = build_catalog(load_connectors(discover([SHIPPED], []), read_yaml).values())
    purge = catalog.find_action("exchange.purge_messages")
    assert purge is not None
    assert purge.effect is Effect.DESTRUCTIVE
    assert purge.is_reversible
    assert purge.targets == "messages"
    for name in ("virustotal.url_report", "virustotal.file_report", "whois.domain_age", "exchange.search_messages"):
        found = catalog.find_action(name)
        assert found is not None
        assert found.effect is Effect.READ
    assert catalog.find_action("chat.dm") is not None
    unsimulated = {
        connector.id for connector in catalog.connectors.values() if connector.actions and not connector.has_simulator
    }
    assert unsimulated == {"mail"}, "a simulator answers HTTP, and mail is none"
    request = catalog.find_action("http.request")
    assert request is not None
    properties = request.result["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["status", "headers", "json", "text"]
