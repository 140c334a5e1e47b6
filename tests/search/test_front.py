"""The front and what it beats, against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netspace.search.front import front, hypervolume

SIDE = 6


@st.composite
def points(draw: st.DrawFn, *, least: int = 0) -> np.ndarray:
    """Rows of 2 or 3 small whole numbers, some of them equal."""
    shape = draw(st.integers(least, 12)), draw(st.integers(2, 3))
    return draw(arrays(np.float64, shape, elements=st.integers(0, SIDE + 1).map(float)))


def beats(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(all(a <= b) and any(a < b))


def volume(values: np.ndarray, reference: np.ndarray) -> int:
    """How many unit cells below the reference lie above some row."""
    cells = np.stack(np.meshgrid(*(np.arange(int(end)) for end in reference)), axis=-1)
    cells = cells.reshape(-1, len(reference))
    beaten = [any(all(row <= cell) for row in values) for cell in cells]
    return sum(beaten)


@given(points())
def test_the_front_is_what_no_other_beats(values):
    expected = [not any(beats(other, row) for other in values) for row in values]
    assert front(values).tolist() == expected


@given(points(least=1), st.data())
def test_rows_with_nan_neither_stand_there_nor_beat(values, data):
    row = data.draw(st.integers(0, len(values) - 1))
    broken = values.copy()
    broken[row, data.draw(st.integers(0, values.shape[1] - 1))] = np.nan
    found = front(broken)
    assert not found[row]
    others = np.delete(np.arange(len(values)), row)
    assert found[others].tolist() == front(values[others]).tolist()


def test_equal_rows_stand_together():
    values = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])
    assert front(values).tolist() == [True, True, True, False]


def test_of_two_in_line_with_an_axis_one_beats():
    assert front(np.array([[1.0, 5.0], [1.0, 4.0], [0.0, 5.0]])).tolist() == [False, True, True]


@given(points())
def test_the_hypervolume_counts_the_cells_that_are_beaten(values):
    reference = np.full(values.shape[1], float(SIDE))
    assert hypervolume(values, reference) == pytest.approx(volume(values, reference))


@given(points())
def test_only_the_front_has_a_volume(values):
    reference = np.full(values.shape[1], float(SIDE))
    rows = front(values)
    assert hypervolume(values[rows], reference) == pytest.approx(hypervolume(values, reference))


@given(points(least=1), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_of_no_matter(values, random):
    reference = np.full(values.shape[1], SIDE - 0.5)
    order = list(range(len(values)))
    random.shuffle(order)
    assert hypervolume(values[order], reference) == pytest.approx(hypervolume(values, reference))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[1.0, 2.0]], 3.0),
        ([[1.0, 2.0], [2.0, 1.0]], 4.0),
        ([[1.0, 2.0], [2.0, 1.0], [0.0, 4.0]], 4.0),
        ([[1.0, 2.0], [np.nan, 0.0]], 3.0),
        ([[3.0, 0.0], [5.0, 1.0]], 0.0),
        ([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], 36.0),
        ([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]], 12 + 12 + 9 - 4 - 3 - 3 + 1),
    ],
)
def test_volumes_by_hand(values, expected):
    reference = np.array([3.0, 3.5] if len(values[0]) == 2 else [3.0, 3.0, 4.0])
    assert hypervolume(np.array(values), reference) == pytest.approx(expected)


def test_without_rows_there_is_none():
    assert hypervolume(np.zeros((0, 2)), np.ones(2)) == 0.0
    assert front(np.zeros((0, 3))).tolist() == []
