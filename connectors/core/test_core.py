import pytest
import respx

from connectors.core.connector import Core
from soar.sdk import ActionCode
from soar.sdk.testing import Bench

NO_NETWORK = respx.Router()


async def test_outside_of_a_run_there_is_nothing_to_take_back() -> None:
    answer = await Bench(Core).call("undo", {"step": "contain"}, NO_NETWORK.async_handler)
    assert answer.code is ActionCode.INVALID
    assert answer.message.startswith("`contain` is no step outside of a run")


@pytest.mark.parametrize("arguments", [{}, {"step": ""}, {"step": "contain", "now": True}])
async def test_what_names_no_step_is_refused(arguments: dict[str, object]) -> None:
    answer = await Bench(Core).call("undo", arguments, NO_NETWORK.async_handler)
    assert answer.code is ActionCode.INVALID
    assert "no step outside" not in answer.message


def test_it_says_what_it_gives_and_that_it_changes_something() -> None:
    undo = Core.actions["undo"]
    assert undo.promise.effect == "write"
    assert set(undo.gives.model_fields) == {"lifted", "failed"}
