"""Which hash functions the product uses, and where one that nothing new should be built on has to be."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOUND = frozenset({"sha256", "sha384", "sha512", "sha3_256", "blake2b"})
WEAK: dict[tuple[str, str], str] = {
    ("soar/ingest/bodies/mail.py", "md5"): "an observable that products look files up by; it proves nothing",
    ("soar/audit/foreign.py", "sha1"): "version 1 of the signatures of Amazon SNS has no other",
    (
        "soar/ingest/authentication.py",
        "sha1",
    ): "for senders that sign with HMAC-SHA-1 alone, which is not broken as MAC",
}
"""By file and function. Authenticator programs use HMAC-SHA-1, within the library for them (RFC 6238)."""
NO_HASHES = frozenset({"new", "Hash", "HashAlgorithm", "_Hash"})


def find_hashes() -> Iterator[tuple[str, str]]:
    """Yield file and function wherever the source names a function of `hashlib` or of `hashes`, or one by its name."""
    for path in sorted(Path("soar").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="hashlib" | "hashes"), attr=name) if name not in NO_HASHES:
                    yield path.as_posix(), name.lower()
                case ast.Assign(targets=[ast.Name()], value=ast.Constant(value="md5" | "sha1" as name)):
                    yield path.as_posix(), name


def test_weak_hashes_stand_only_where_somebody_else_decides() -> None:
    found = {(path, name) for path, name in find_hashes() if name not in SOUND}
    observables = {("soar/model/observable.py", "md5"), ("soar/model/observable.py", "sha1")}  # words, not functions
    assert found - observables == set(WEAK)
