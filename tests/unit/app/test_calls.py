import pytest

from soar.app.calls import tell_connectors
from soar.model.errors import ActionCode, ActionError, ConflictError, InputError, NotFoundError, UnavailableError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x", hint="h"), ActionCode.INVALID),
        (NotFoundError("x", hint="h"), ActionCode.NOT_FOUND),
        (ConflictError("x", hint="h"), ActionCode.CONFLICT),
        (UnavailableError("x"), ActionCode.UNAVAILABLE),
    ],
)
def test_an_error_of_the_service_becomes_one_that_an_action_may_fail_with(error: Exception, code: ActionCode) -> None:
    with pytest.raises(ActionError, match="x") as caught, tell_connectors():
        raise error
    assert caught.value.action_code is code
    assert caught.value.__cause__ is error


def test_patience_that_is_asked_for_is_passed_on() -> None:
    with pytest.raises(ActionError) as caught, tell_connectors():
        raise UnavailableError("x", retry_after=7.0)
    assert caught.value.retry_after == 7.0
