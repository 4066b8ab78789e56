import pytest

from soar.model import errors
from soar.model.errors import (
    ActionCode,
    ActionError,
    DeniedError,
    FieldFault,
    InputError,
    SoarError,
    UnavailableError,
)

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SoarError)]


def test_every_error_stands_in_the_tree_and_ends_in_error() -> None:
    drawn = errors.__doc__ or ""
    assert [kind.__name__ for kind in TREE if kind.__name__ not in drawn] == []
    assert [kind.__name__ for kind in TREE if not kind.__name__.endswith("Error")] == []


def test_no_two_errors_share_a_default_code() -> None:
    codes = [kind.default_code for kind in TREE]
    assert len(set(codes)) == len(codes)


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = DeniedError("nobody is logged in", code="unauthenticated", hint="log in")
    assert (str(error), error.message) == ("nobody is logged in", "nobody is logged in")
    assert (error.code, error.hint) == ("unauthenticated", "log in")
    assert DeniedError("no").code == "forbidden"


def test_an_input_error_names_the_fields() -> None:
    faults = [FieldFault("/inputs/ip", "is no address")]
    assert InputError("does not fit", faults=faults).faults == (FieldFault("/inputs/ip", "is no address"),)


def test_an_unavailable_error_says_when_to_come_back() -> None:
    assert UnavailableError("full").retry_after == 1.0
    assert UnavailableError("full", retry_after=30).retry_after == 30


@pytest.mark.parametrize("code", ActionCode)
def test_an_action_error_carries_its_action_code_as_its_code(code: ActionCode) -> None:
    error = ActionError("did not end well", action_code=code, retry_after=2.5)
    assert (error.code, error.action_code, error.retry_after) == (code.value, code, 2.5)
