import json
import shutil
import subprocess
from pathlib import Path

import pytest

from soar.ingest.authentication import Request, find_refusal
from soar.ingest.sample import curl_line
from soar.ingest.source import Source, parse_source
from soar.model.errors import InputError
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.playbook import read_document
from tests.support.clock import START
from tests.support.repository import ROOT

KEY = "it's a $KEY of `some` length"
SHELL = shutil.which("sh") or ""


def read_source(name: str) -> Source:
    file = ROOT / "config" / "sources" / f"{name}.yaml"
    node, findings = read_document(file.read_text("utf-8"), file.name)
    assert node is not None
    assert findings == []
    return parse_source(node.to_plain(), name)


def run_line(line: str, folder: Path) -> list[str]:
    """Run the line in a shell whose curl writes its arguments down."""
    curl = folder / "curl"
    curl.write_text('#!/bin/sh\nfor argument; do printf "%s\\0" "$argument"; done\n')
    curl.chmod(0o755)
    path = f"{folder}:{Path(shutil.which('openssl') or '').parent}:/usr/bin:/bin"
    done = subprocess.run([SHELL, "-c", line], capture_output=True, check=True, env={"PATH": path})
    return done.stdout.decode().split("\0")[:-1]


def read_request(arguments: list[str]) -> Request:
    headers = [arguments[index + 1] for index, argument in enumerate(arguments) if argument == "-H"]
    (body,) = (argument.removeprefix("@") for argument in arguments if argument.startswith("@"))
    named = (header.split(": ", 1) for header in headers)
    return Request({name.lower(): value for name, value in named}, Path(body).read_bytes())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the line needs openssl")
def test_the_line_for_the_example_is_signed_as_its_source_signs(tmp_path: Path) -> None:
    source = read_source("phish-report")
    example = ROOT / "examples" / "phishing.json"
    arguments = run_line(curl_line(source, "http://127.0.0.1:8600", Secret(KEY), str(example)), tmp_path)
    assert arguments[-1] == "http://127.0.0.1:8600/hooks/phish-report"
    request = read_request(arguments)
    assert json.loads(request.body)["reporter"] == "ann@corp.example"
    sent_at = START.fromtimestamp(int(request.headers["x-soar-timestamp"]), START.tzinfo)
    assert find_refusal(source.recipe, request, [Secret(KEY)], sent_at) is None


def test_the_line_for_a_token_carries_it(tmp_path: Path) -> None:
    body = tmp_path / "it is.json"
    body.write_text("{}")
    arguments = run_line(curl_line(read_source("generic"), "http://soar.example", Secret(KEY), str(body)), tmp_path)
    request = read_request(arguments)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == b"{}"


@pytest.mark.parametrize("auth", [{"standard-webhooks": {"secret": "k"}}])
def test_what_a_shell_cannot_sign_is_said(auth: JsonValue) -> None:
    source = parse_source({"auth": auth, "alert": {}}, "probe")
    with pytest.raises(InputError, match="no line of a shell signs as probe does"):
        curl_line(source, "http://soar.example", Secret(KEY), "alert.json")
