"""What every schema is made of."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LONGEST_PAGE = 200
_LONGEST_NAME = 200
_LONGEST_TEXT = 4_000

Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
"""An id or a name."""

Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
"""What a person writes."""


class Incoming(BaseModel):
    """Something that comes in: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # most services never see most of these
    )


class Nothing(Incoming):
    """No field at all."""


class PageQuery(Incoming):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: Annotated[str | None, Field(max_length=_LONGEST_NAME)] = None


def fields_of(view: "DataclassInstance") -> dict[str, Any]:
    """Return a view's fields as they are, for a larger view of the same thing."""
    return {field.name: getattr(view, field.name) for field in fields(view)}
