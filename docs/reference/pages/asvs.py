"""The page that answers OWASP ASVS."""

from collections.abc import Iterator

from pages.table import row, to_sentence
from tests.security.asvs import CHAPTERS, LEVELS, Claim, Tally, read_claims, tally

_STANDARD = "https://owasp.org/ASVS"
_COUNTS = ("Requirements", "Verified", "Not applicable", "Not met", "Verified of those that apply")


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    claims = read_claims()
    yield "# OWASP ASVS 5.0"
    yield ""
    yield f"The {len(claims)} requirements of the [Application Security Verification Standard]({_STANDARD}) 5.0.0,"
    yield "by their numbers there and in words of ours, which are shorter: what is asked for stands there. **Verified**"
    yield "names the tests that show it; where they stand is said in [asvs.csv](asvs.csv), which makes this page."
    yield "**Not met** is what is missing in part or whole, and also what no test of `pytest` shows. Nobody from"
    yield "outside has looked at this yet."
    yield ""
    yield "A level holds those before it."
    yield ""
    yield row("Up to", *_COUNTS)
    yield "|---|---|---|---|---|---|"
    for level in LEVELS:
        yield _count(f"Level {level}", tally(claim for claim in claims if claim.level <= level))
    yield ""
    yield row("Chapter", *_COUNTS)
    yield "|---|---|---|---|---|---|"
    for chapter in CHAPTERS:
        name = f"[{chapter.number} {chapter.name}](#{chapter.number}-{chapter.name.lower().replace(' ', '-')})"
        yield _count(name, tally(claim for claim in claims if claim.chapter == chapter.number))
    for chapter in CHAPTERS:
        yield ""
        yield f"## {chapter.number} {chapter.name}"
        yield ""
        yield "| Number | Level | Asks | Status | Tests, or what is missing |"
        yield "|---|---|---|---|---|"
        for claim in claims:
            if claim.chapter == chapter.number:
                yield _answer(claim)


def _count(name: str, counted: Tally) -> str:
    numbers = (counted.total, counted.verified, counted.not_applicable, counted.not_met)
    return row(name, *map(str, numbers), counted.share)


def _answer(claim: Claim) -> str:
    because = "; ".join(map(_name, claim.tests)) or to_sentence(claim.because)
    return row(claim.requirement, str(claim.level), claim.says, claim.status, because)


def _name(test: str) -> str:
    """Return a test in words, with its file; its folder is left to the table."""
    path, _, name = test.partition("::")
    file = path.rpartition("/")[2]
    return f"all of `{file}`" if name == "*" else f"{name.removeprefix('test_').replace('_', ' ')} (`{file}`)"
