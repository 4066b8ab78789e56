"""What may send alerts."""

from dataclasses import dataclass

from soar.ingest.authentication import Bearer, Hmac
from soar.ingest.source import Format, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source; `auth` is how it proves itself, `credentials` are names in the vault."""

    id: str
    description: str
    auth: str
    credentials: tuple[str, ...]
    format: Format
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """All sources, by id."""

    items: tuple[SourceView, ...]
    next: str | None


def view_source(source: Source, url: str) -> SourceView:
    """Return a source and the address that it sends to; `url` is how people reach us."""
    return SourceView(
        id=source.id,
        description=source.description,
        auth=_name_recipe(source.recipe),
        credentials=source.recipe.secrets,
        format=source.format,
        hook=f"{url}/hooks/{source.id}",
    )


def _name_recipe(recipe: Hmac | Bearer) -> str:
    match recipe:
        case Hmac():
            return f"hmac in {recipe.header}"
        case Bearer():
            return "bearer"
