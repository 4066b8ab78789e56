import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.access.scopes import (
    dump_grants,
    dump_scope,
    find_miss,
    fits_any,
    parse_grant,
    parse_scope,
    print_grant,
    print_scope,
    read_scope,
)
from soar.access.things import Kind, Thing
from soar.model.errors import InputError
from soar.model.grant import Attribute, Grant, Scope
from soar.model.values import JsonValue

NAMES = st.from_regex(r"[a-z#@][a-z0-9_.-]{0,10}\*?", fullmatch=True)
SCOPES = st.dictionaries(
    st.sampled_from(Attribute),
    st.sets(NAMES, min_size=1, max_size=4).map(lambda names: tuple(sorted(names))),
    min_size=1,
).map(Scope)
RUN = Thing(
    kind=Kind.RUN,
    id="run_1",
    workspace="w",
    attributes={Attribute.PLAYBOOK: "phishing-triage", Attribute.TEAM: "soc"},
)


@given(role=st.sampled_from(["analyst", "tier1"]), scope=SCOPES)
def test_what_is_written_is_read_back(role: str, scope: Scope) -> None:
    grant = Grant(role, scope)
    assert parse_grant(print_grant(grant)) == grant
    assert parse_scope(print_scope(scope)) == scope
    assert read_scope(dump_scope(scope), "/scope") == (scope, [])
    assert dump_grants([grant]) == [print_grant(grant)]


@pytest.mark.parametrize(
    ("text", "is_inside"),
    [
        ("playbook=phishing-triage", True),
        ("playbook=phishing-*", True),
        ("playbook=*", True),
        ("playbook=other|phishing-*", True),
        ("playbook=phishing-*,team=soc", True),
        ("team=$own", True),
        ("playbook=phishing", False),
        ("playbook=phishing-triage-2", False),
        ("playbook=PHISHING-*", False),
        ("playbook=phishing-*,team=ops", False),
        ("team=so", False),
        ("source=*", False),
    ],
)
def test_every_limit_of_a_scope_must_be_met(text: str, *, is_inside: bool) -> None:
    assert (find_miss(parse_scope(text), RUN, {"soc"}) is None) is is_inside


@pytest.mark.parametrize("teams", [set(), {"ops"}, {"*"}, {"s*"}])
def test_ones_own_teams_are_taken_as_they_are(teams: set[str]) -> None:
    assert find_miss(parse_scope("team=$own"), RUN, teams) is not None


def test_what_is_outside_is_told_without_what_it_is_instead() -> None:
    assert find_miss(parse_scope("playbook=mail-*|sms"), RUN, ()) == (
        "the playbook of run run_1 is not `mail-*` or `sms`"
    )
    assert find_miss(parse_scope("source=a|b"), RUN, ()) == "run run_1 has no source, and the scope is source=a|b"


def test_a_star_stands_at_the_end_alone() -> None:
    assert fits_any(("a*",), "abc")
    assert not fits_any(("a*c",), "abc")
    assert fits_any(("*",), "")
    assert not fits_any(("ab*",), "ac")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no grant"),
        ("analyst", "is no grant"),
        ("@team=soc", "is no grant"),
        ("analyst@", "`` limits nothing"),
        ("analyst@team", "is no name"),
        ("analyst@team=", "is no name"),
        ("analyst@team=soc|", "is no name"),
        ("analyst@planet=mars", "`planet` limits nothing"),
        ("analyst@team=soc,team=ops", "stands twice"),
        ("analyst@playbook=a*b", "is no name"),
        ("analyst@playbook=$own", "is no name"),
        ("analyst@playbook=a b", "is no name"),
        ("analyst@playbook=" + "|".join(f"p{number}" for number in range(51)), "1 to 50 names"),
    ],
)
def test_what_is_no_grant_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_grant(text)
    assert caught.value.code == "grant.invalid"
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("plain", "pointer"),
    [
        (None, "/s"),
        ({}, "/s"),
        (["soc"], "/s"),
        ({"team": "soc"}, "/s/team"),
        ({"team": []}, "/s/team"),
        ({"team": [7]}, "/s/team"),
        ({"a/b~c": ["soc"]}, "/s/a~1b~0c"),
    ],
)
def test_plain_data_of_another_shape_is_refused_where_it_is(plain: JsonValue, pointer: str) -> None:
    _, faults = read_scope(plain, "/s")
    assert [fault.pointer for fault in faults] == [pointer]


def test_what_is_wrong_with_a_scope_is_told() -> None:
    for plain, said in (
        ({}, "must be a map such as `playbook: [phishing-*]`, and not empty"),
        ({"team": []}, "must be a list of 1 to 50 names"),
        ({"team": ["a b"]}, "`a b` is no name; write one as it is, or its beginning and `*`"),
    ):
        _, (fault,) = read_scope(plain, "/s")
        assert fault.message == said
    _, (fault,) = read_scope({"planet": ["mars"]}, "/s")
    assert fault.message.startswith("`planet` limits nothing; known are ")
    assert {*fault.message.partition("known are ")[2].split(", ")} == {attribute.value for attribute in Attribute}
    hint = "write role@attribute=name, as in analyst@playbook=phishing-*,team=soc"
    for text, said in (
        ("analyst", "`analyst` is no grant"),
        (
            "analyst@team=soc,team=ops",
            "`team=soc,team=ops` is no scope: an attribute stands twice; write its names with | between them",
        ),
    ):
        with pytest.raises(InputError) as caught:
            parse_grant(text)
        assert (caught.value.message, caught.value.hint) == (said, hint)
