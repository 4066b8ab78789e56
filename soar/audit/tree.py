"""Merkle tree of RFC 6962, section 2.1, kept as a compact range so that appending costs a few hashes at any size.

Pure: hashes are 32 bytes, and nothing here knows what a leaf stands for. Proofs are checked as RFC 9162, sections
2.1.3.2 and 2.1.4.2, say.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()
"""Root of a tree without leaves."""


def hash_leaf(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of 0x00 and its bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append_leaf(size: int, compact: Sequence[bytes], leaf: bytes) -> tuple[bytes, ...]:
    """Return the compact range of a tree with one leaf more.

    Args:
        size: number of leaves so far.
        compact: hashes of the perfect subtrees so far, from left to right; as many as `size` has bits set.
        leaf: hash of the new leaf.

    Raises:
        ValueError: the range does not belong to a tree of that size.
    """
    staying = count_staying(size, len(compact))
    return (*compact[:staying], join_leaf(compact[staying:], leaf))


def count_staying(size: int, subtrees: int) -> int:
    """Return how many of a tree's perfect subtrees stay as they are when a leaf is appended: those on the left.

    Args:
        size: number of leaves so far.
        subtrees: number of perfect subtrees so far.

    Raises:
        ValueError: a tree of that size has another number of them.
    """
    if subtrees != size.bit_count():
        raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees, not {subtrees}")
    return (size & (size + 1)).bit_count()


def join_leaf(joined: Sequence[bytes], leaf: bytes) -> bytes:
    """Return the hash of the perfect subtree that a new leaf makes with those that do not stay, from left to right."""
    node = leaf
    for subtree in reversed(joined):
        node = hash_node(subtree, node)
    return node


def fold_root(compact: Sequence[bytes]) -> bytes:
    """Return the root of the tree whose perfect subtrees are these."""
    if not compact:
        return EMPTY_ROOT
    *rest, root = compact
    for subtree in reversed(rest):
        root = hash_node(subtree, root)
    return root


def compute_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    return fold_root(make_compact(leaves))


def prove_inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the path that shows that the leaf at `index` is in the tree over all these leaf hashes.

    Raises:
        ValueError: there is no leaf at that index.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*prove_inclusion(leaves[:split], index), compute_root(leaves[split:]))
    return (*prove_inclusion(leaves[split:], index - split), compute_root(leaves[:split]))


def prove_consistency(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Return the path that shows that the tree over the first `old_size` leaves grew into the tree over all of them.

    Raises:
        ValueError: the old tree is empty or larger than the new one; neither has a proof.
    """
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"no proof leads from {old_size} to {len(leaves)} leaves")
    return prove_growth(old_size, make_compact(leaves[:old_size]), leaves[old_size:])


def prove_growth(old_size: int, compact: Sequence[bytes], added: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the same path from what is known of the old tree and the leaves since: it needs no other.

    Args:
        old_size: number of leaves of the old tree, above 0.
        compact: hashes of the old tree's perfect subtrees, from left to right.
        added: hashes of the leaves that came after.

    Raises:
        ValueError: the range does not belong to a tree of that size, or the old tree is empty.
    """
    if old_size < 1 or len(compact) != old_size.bit_count():
        raise ValueError(f"this is no compact range of {old_size} leaves")
    known: dict[int, bytes] = {}
    start = 0
    for subtree in compact:
        known[start] = subtree
        start += _find_span(old_size - start)

    def find(begin: int, end: int) -> bytes:
        return known[begin] if begin < old_size else compute_root(added[begin - old_size : end - old_size])

    return _prove_growth(0, old_size + len(added), old_size, find)


def make_compact(leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the compact range of the tree over these leaf hashes."""
    compact: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        compact = append_leaf(size, compact, leaf)
    return compact


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof shows this leaf hash at this index of the tree with this size and root."""
    if not 0 <= index < size:
        return False
    node, last = index, size - 1
    digest = leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            digest = hash_node(sibling, digest)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            digest = hash_node(digest, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and digest == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the old tree is the beginning of the new one."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof) if old_size.bit_count() > 1 else [old_root, *proof]
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = hash_node(sibling, old), hash_node(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = hash_node(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _find_span(size: int) -> int:
    """Return the largest power of two up to the size."""
    return 1 << (size.bit_length() - 1)


def _prove_growth(begin: int, end: int, old_size: int, find: Callable[[int, int], bytes]) -> tuple[bytes, ...]:
    """SUBPROOF of RFC 6962, section 2.1.2, over the leaves from `begin` up to `end`."""
    if old_size == end:
        return () if begin == 0 else (find(begin, end),)
    split = begin + _split(end - begin)
    if old_size <= split:
        return (*_prove_growth(begin, split, old_size, find), find(split, end))
    return (*_prove_growth(split, end, old_size, find), find(begin, split))
