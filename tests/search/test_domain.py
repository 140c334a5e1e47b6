import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.search.domain import Slot, chosen_genes, mutated
from tests.search.domains import Grid, seeds, slots


@given(slots(), seeds, st.integers(0, 40))
def test_a_mutation_changes_one_slot_to_another_of_its_values(found, seed, rows):
    chance = np.random.default_rng(seed)
    grid = Grid(found)
    parents = grid.draw(rows, chance)
    before = parents.copy()
    children = mutated(grid, parents, chance)
    sizes = np.array([len(slot.values) for slot in found])
    assert children.shape == parents.shape
    assert ((children >= 0) & (children < sizes)).all()
    changed = children != parents
    assert (changed.sum(axis=1) == (sizes > 1).any()).all()
    np.testing.assert_array_equal(parents, before)


@given(slots(), seeds)
def test_mutations_repeat(found, seed):
    grid = Grid(found)
    parents = grid.draw(5, np.random.default_rng(seed))
    some, others = (mutated(grid, parents, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(some, others)


def changes(*, ordered: bool, value: int, count: int = 5_000) -> np.ndarray:
    """By how many values mutations of a slot of 32 differ from this one."""
    grid = Grid((Slot(name="width", place=0, values=tuple(range(32)), ordered=ordered),))
    children = mutated(grid, np.full((count, 1), value), np.random.default_rng(0))
    return children[:, 0] - value


def test_half_of_the_changes_of_many_ordered_values_are_small():
    for value in (0, 1, 15, 31):
        steps = changes(ordered=True, value=value)
        near = np.count_nonzero(abs(np.delete(np.arange(32), value) - value) <= 4)
        expected = 0.5 + 0.5 * near / 31
        assert abs((abs(steps) <= 4).mean() - expected) < 0.03  # four standard errors
        assert set(np.unique(steps + value)) == set(range(32)) - {value}


def test_names_know_no_small_changes():
    steps = changes(ordered=False, value=15)
    assert abs((abs(steps) <= 4).mean() - 8 / 31) < 0.03


def test_every_slot_is_as_likely_to_change():
    grid = Grid(tuple(Slot(name=n, place=0, values=(0, 1, 2)) for n in ("a", "b", "c")))
    parents = np.zeros((6_000, 3), dtype=np.int64)
    shares = (mutated(grid, parents, np.random.default_rng(1)) != 0).mean(axis=0)
    assert (abs(shares - 1 / 3) < 0.025).all()


def test_a_value_that_a_slot_lacks_is_refused():
    found = (Slot(name="kernel", place=0, values=(3, 5)),)
    np.testing.assert_array_equal(
        chosen_genes(found, {"kernel": np.array([[5.0], [3.0]])}), [[1], [0]]
    )
    for absent in (4.0, 2.0, 7.0):
        with pytest.raises(SpecError, match=f"kernel: {absent:g} is none of its values in place 1"):
            chosen_genes(found, {"kernel": np.array([[3.0], [absent]])})
