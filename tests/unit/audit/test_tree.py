import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from soar.audit.tree import (
    EMPTY_ROOT,
    append_leaf,
    compute_root,
    count_staying,
    fold_root,
    hash_leaf,
    make_compact,
    prove_consistency,
    prove_growth,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots that implementations of RFC 6962 have shared since the first one.
KNOWN_DATA = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 70)


def make_leaves(size: int) -> list[bytes]:
    return [hash_leaf(b"%d" % index) for index in range(size)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert fold_root(()) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_known_leaves_have_known_roots(size: int) -> None:
    leaves = [hash_leaf(bytes.fromhex(data)) for data in KNOWN_DATA[:size]]
    assert compute_root(leaves).hex() == KNOWN_ROOTS[size - 1]


def test_roots_equal_those_of_an_independent_tree_at_every_size_to_200() -> None:
    oracle = InmemoryTree(algorithm="sha256")
    compact: tuple[bytes, ...] = ()
    for size in range(200):
        data = b"event %d" % size
        oracle.append_entry(data)
        compact = append_leaf(size, compact, hash_leaf(data))
        assert fold_root(compact) == oracle.get_root(size + 1)


def test_a_new_leaf_leaves_the_subtrees_on_the_left_alone() -> None:
    for size in range(64):
        before, after = make_compact(make_leaves(size)), make_compact(make_leaves(size + 1))
        staying = count_staying(size, len(before))
        assert after[:-1] == before[:staying], size


def test_a_range_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="has 2 perfect subtrees, not 1"):
        append_leaf(3, (bytes(32),), bytes(32))


@given(size=SIZES, data=st.data())
def test_a_leaf_is_proven_to_be_in_the_tree(size: int, data: st.DataObject) -> None:
    leaves = make_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(leaves, index)
    root = compute_root(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(hash_leaf(b"other"), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, proof, EMPTY_ROOT)
    assert not verify_inclusion(leaves[index], index, size, (*proof, bytes(32)), root)
    assert not verify_inclusion(leaves[index], size, size, proof, root)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
        assert not verify_inclusion(leaves[index], index, size, (bytes(32), *proof[1:]), root)


@given(sizes=st.tuples(SIZES, SIZES).map(sorted))
def test_growth_is_proven_and_nothing_else(sizes: list[int]) -> None:
    old_size, new_size = sizes
    leaves = make_leaves(new_size)
    old_root, new_root = compute_root(leaves[:old_size]), compute_root(leaves)
    proof = prove_consistency(leaves, old_size)
    assert verify_consistency(old_size, old_root, new_size, new_root, proof)
    assert not verify_consistency(old_size, EMPTY_ROOT, new_size, new_root, proof)
    assert not verify_consistency(old_size, old_root, new_size, EMPTY_ROOT, proof)
    assert not verify_consistency(old_size, old_root, new_size, new_root, (*proof, bytes(32)))
    assert not verify_consistency(new_size + 1, old_root, new_size, new_root, proof)
    if proof:
        assert not verify_consistency(old_size, old_root, new_size, new_root, proof[:-1])
        assert not verify_consistency(old_size, old_root, new_size, new_root, ())


def test_a_rewritten_past_has_no_proof_of_growth() -> None:
    honest, forged = make_leaves(20), [hash_leaf(b"forged"), *make_leaves(20)[1:]]
    proof = prove_consistency(forged, 13)
    assert not verify_consistency(13, compute_root(honest[:13]), 20, compute_root(forged), proof)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        prove_inclusion(make_leaves(5), index)


@pytest.mark.parametrize("old_size", [0, 6])
def test_no_proof_leads_from_nothing_or_backwards(old_size: int) -> None:
    with pytest.raises(ValueError, match="no proof leads"):
        prove_consistency(make_leaves(5), old_size)


@given(sizes=st.tuples(SIZES, SIZES).map(sorted))
def test_growth_is_proven_from_the_old_range_and_what_was_added_alone(sizes: list[int]) -> None:
    old, new = sizes
    leaves = make_leaves(new)
    proof = prove_growth(old, make_compact(leaves[:old]), leaves[old:])
    assert proof == prove_consistency(leaves, old)
    assert verify_consistency(old, compute_root(leaves[:old]), new, compute_root(leaves), proof)


@pytest.mark.parametrize("size", [0, 3])
def test_growth_is_not_proven_from_a_range_of_another_size(size: int) -> None:
    with pytest.raises(ValueError, match="no compact range"):
        prove_growth(size, (bytes(32),), [])
