"""Builders give valid specimens, one for each noun."""

import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from soar.model.catalog import Effect
from tests.support import builders

BUILDERS = {name: builder for name, builder in inspect.getmembers(builders, inspect.isfunction) if name[:6] == "build_"}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_a_specimen_is_the_noun_that_its_builder_promises_and_frozen(build: Callable[[], object]) -> None:
    specimen = build()
    assert type(specimen) is inspect.signature(build).return_annotation
    assert is_dataclass(specimen)
    with pytest.raises(FrozenInstanceError):
        setattr(specimen, fields(specimen)[0].name, None)


def test_a_test_names_only_what_it_is_about() -> None:
    assert builders.build_action_spec(effect=Effect.READ).effect is Effect.READ
    with pytest.raises(TypeError, match="colour"):
        builders.build_alert(colour="red")


def test_a_catalog_finds_what_was_put_in() -> None:
    release = builders.build_action_spec(name="release", undo=None)
    catalog = builders.build_catalog(builders.build_connector_spec(builders.build_action_spec(), release))
    assert catalog.find_action("edr.release") is release
