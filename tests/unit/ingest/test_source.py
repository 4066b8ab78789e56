from datetime import timedelta

import pytest

from soar.ingest.authentication import Bearer, Encoding, Hmac
from soar.ingest.bodies.rule import Format, LargeNumbers
from soar.ingest.source import parse_source
from soar.model.errors import InputError
from soar.model.values import JsonValue

BEARER: JsonValue = {"bearer": {"secret": "k"}}


def parse_recipe(**recipe: JsonValue) -> object:
    return parse_source({"auth": {"hmac": {"header": "X-Sig", "secret": "k", **recipe}}, "alert": {}}, "probe").recipe


def refuse(document: JsonValue, source_id: str = "probe") -> InputError:
    with pytest.raises(InputError) as caught:
        parse_source(document, source_id)
    assert caught.value.hint
    return caught.value


def test_a_file_becomes_a_source() -> None:
    source = parse_source({"description": "d", "auth": BEARER, "format": "ndjson", "alert": {"kind": "raw.k"}}, "my-2")
    assert (source.id, source.description, source.format) == ("my-2", "d", Format.NDJSON)
    assert source.recipe == Bearer(secrets=("k",))
    assert [program.source for program in source.mapped.kind] == ["raw.k"]
    assert source.mapped.title == ()
    assert (source.mapped.is_guessed, source.body.large_numbers) == (False, LargeNumbers.REFUSE)


def test_a_field_may_have_several_expressions() -> None:
    alert: JsonValue = {"title": ["raw.a", "raw.b"], "entities": {"ips": ["raw.c", "raw.d"]}, "guess": True}
    source = parse_source({"auth": BEARER, "alert": alert, "large_numbers": "text"}, "probe")
    assert [program.source for program in source.mapped.title] == ["raw.a", "raw.b"]
    assert [program.source for program in source.mapped.entities["ips"]] == ["raw.c", "raw.d"]
    assert (source.mapped.is_guessed, source.body.large_numbers) == (True, LargeNumbers.TEXT)


def test_a_recipe_is_read_whole() -> None:
    assert parse_recipe(
        secret=["new", "old"],
        timestamp="X-Ts",
        tolerance="90s",
        id="X-Id",
        template="{id}|{timestamp}|{body}",
        encoding="base64",
        prefix="v1=",
    ) == Hmac(
        header="x-sig",
        secrets=("new", "old"),
        timestamp="x-ts",
        tolerance=timedelta(seconds=90),
        id="x-id",
        template="{id}|{timestamp}|{body}",
        encoding=Encoding.BASE64,
        prefix="v1=",
    )


def test_a_tolerance_means_that_the_moment_is_signed() -> None:
    assert parse_recipe(tolerance="5m") == Hmac(
        header="x-sig", secrets=("k",), timestamp="x-timestamp", template="{timestamp}.{body}"
    )
    assert parse_recipe() == Hmac(header="x-sig", secrets=("k",))


@pytest.mark.parametrize(
    "recipe",
    [
        {"template": "{timestamp}", "timestamp": "X-Ts"},
        {"template": "{body}{body}"},
        {"template": "{body}", "timestamp": "X-Ts"},
        {"template": "{timestamp}.{body}"},
        {"template": "{id}.{body}"},
    ],
)
def test_a_signature_covers_all_that_we_go_by(recipe: dict[str, JsonValue]) -> None:
    with pytest.raises(InputError, match="source probe does not fit: /auth/hmac: ") as caught:
        parse_recipe(**recipe)
    assert [fault.pointer for fault in caught.value.faults] == ["/auth/hmac"]


@pytest.mark.parametrize(
    ("auth", "pointer"),
    [
        ({}, "/auth"),
        ({"none": {}}, "/auth/none"),
        ({"bearer": None}, "/auth"),
        ({"bearer": {"secret": "k"}, "github": {"secret": "k"}}, "/auth"),
        ({"bearer": {}}, "/auth/bearer/secret"),
        ({"bearer": {"secret": []}}, "/auth/bearer/secret"),
        ({"bearer": {"secret": ["a", "b", "c"]}}, "/auth/bearer/secret"),
        ({"hmac": {"header": "X Sig", "secret": "k"}}, "/auth/hmac/header"),
        ({"hmac": {"header": "X-Sig", "secret": "k", "tolerance": 5}}, "/auth/hmac/tolerance"),
        ({"hmac": {"header": "X-Sig", "secret": "k", "tolerance": "2h"}}, "/auth/hmac/tolerance"),
        ({"hmac": {"header": "X-Sig", "secret": "k", "tolerance": "0s"}}, "/auth/hmac/tolerance"),
    ],
)
def test_no_source_exists_without_a_way_to_prove_itself(auth: JsonValue, pointer: str) -> None:
    error = refuse({"auth": auth, "alert": {}})
    assert error.code == "source.invalid"
    assert pointer in [fault.pointer for fault in error.faults]


@pytest.mark.parametrize("document", [None, [], "auth", {"alert": {}}, {"auth": BEARER}])
def test_half_a_file_is_refused(document: JsonValue) -> None:
    assert refuse(document).code == "source.invalid"


def test_unknown_keys_and_kinds_of_entities_are_named() -> None:
    error = refuse({"auth": BEARER, "alert": {"titel": "raw.t", "entities": {"ip": "raw.ip"}}, "mode": "none"})
    assert {fault.pointer for fault in error.faults} >= {"/alert/titel", "/mode"}
    assert any(fault.pointer.startswith("/alert/entities/ip") for fault in error.faults)
    assert "there is no `titel` here" in error.message


def test_a_mapping_reads_nothing_but_the_document() -> None:
    error = refuse({"auth": BEARER, "alert": {"entities": {"ips": "alert.ip"}}})
    assert error.message == "source probe: alert.entities/ips: only `raw` is known here, not `alert`"
    assert [fault.pointer for fault in error.faults] == ["/alert/entities/ips"]


def test_a_wrong_expression_is_named() -> None:
    error = refuse({"auth": BEARER, "alert": {"title": "raw.title +"}})
    assert error.message.startswith("source probe: alert.title: ")
    assert [fault.pointer for fault in error.faults] == ["/alert/title"]


@pytest.mark.parametrize("source_id", ["", "Probe", "a--b", "a/b", "../x", "a_b"])
def test_a_source_is_called_by_what_stands_in_its_address(source_id: str) -> None:
    assert "is no source id" in refuse({"auth": BEARER, "alert": {}}, source_id).message


def test_the_name_of_our_own_source_is_not_for_others() -> None:
    refused = refuse({"auth": BEARER, "alert": {}}, "soar")
    assert refused.message == "`soar` is the source of alerts that runs raise"
