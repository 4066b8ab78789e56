import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.audit.query import MOST_CONDITIONS, parse_query
from soar.model.audit_query import Field, Pattern, Query, Term
from soar.model.errors import InputError


def find_code(text: str) -> str | None:
    try:
        parse_query(text)
    except InputError as error:
        return error.code
    return None


def test_the_language_of_the_design_is_read() -> None:
    text = 'actor:carol type:approval.* outcome:success after:2026-11-01 host:srv-files-01 "renaming" -type:run.started'
    assert parse_query(text) == Query(
        (
            Term(Field.ACTOR, (Pattern("carol"),)),
            Term(Field.TYPE, (Pattern("approval.", is_prefix=True),)),
            Term(Field.OUTCOME, (Pattern("success"),)),
            Term(Field.HOST, (Pattern("srv-files-01"),)),
            Term(Field.WORD, (Pattern("renaming"),)),
            Term(Field.TYPE, (Pattern("run.started"),), is_negated=True),
        ),
        after=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("type:a,b", Term(Field.TYPE, (Pattern("a"), Pattern("b")))),
        ('actor:"Ann O\'Neil",bob*', Term(Field.ACTOR, (Pattern("Ann O'Neil"), Pattern("bob", is_prefix=True)))),
        ('"say \\"no\\" \\\\"', Term(Field.WORD, (Pattern('say "no" \\'),))),
        ('"a*"', Term(Field.WORD, (Pattern("a*"),))),
        ('target:"a:b,c d"', Term(Field.TARGET, (Pattern("a:b,c d"),))),
        ("ip:2001:db8::1", Term(Field.IP, (Pattern("2001:db8::1"),))),
        ("-renaming", Term(Field.WORD, (Pattern("renaming"),), is_negated=True)),
        ("TYPE:x", Term(Field.TYPE, (Pattern("x"),))),
        ("approval:*", Term(Field.APPROVAL, (Pattern("", is_prefix=True),))),
    ],
)
def test_a_condition_is_read(text: str, term: Term) -> None:
    assert parse_query(f"  {text}\t") == Query((term,))


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a colour:red", "query.field", 3),
        ("https://evil.test", "query.field", 1),
        ('a "open', "query.syntax", 3),
        ("type:", "query.syntax", 6),
        ("type:a,", "query.syntax", 8),
        ('"a"b', "query.syntax", 4),
        ("x --", "query.syntax", 3),
        ('""', "query.syntax", 1),
        ("*", "query.syntax", 1),
        ("after:tomorrow", "query.moment", 1),
        ("after:2026-13-01", "query.moment", 1),
        ("a after:2026-01-01,2026-01-02", "query.moment", 3),
        ("-before:2026-01-01", "query.moment", 1),
        ("after:2026-01-01 after:2026-01-02", "query.moment", 18),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(text: str, code: str, place: int) -> None:
    with pytest.raises(InputError, match=f"at character {place} of the query") as caught:
        parse_query(text)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.faults[0].pointer == "/q"


@pytest.mark.parametrize("text", ["x" * 501, " ".join(["a"] * (MOST_CONDITIONS + 1)), "type:" + ",".join("a" * 21)])
def test_a_query_is_bounded(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_query(text)
    assert caught.value.code == "query.size"


@given(st.text(max_size=80) | st.text(alphabet='a:"\\,-* \n', max_size=40))
def test_any_text_is_a_query_or_is_refused_in_words(text: str) -> None:
    assert find_code(text) in {None, "query.syntax", "query.field", "query.moment", "query.size"}


@given(st.sampled_from([field for field in Field if field is not Field.WORD]), st.text(max_size=60))
def test_a_quoted_value_is_read_as_it_was(field: Field, value: str) -> None:
    quoted = re.sub(r'(["\\])', r"\\\1", value)
    assert parse_query(f'{field}:"{quoted}"') == Query((Term(field, (Pattern(value),)),))
