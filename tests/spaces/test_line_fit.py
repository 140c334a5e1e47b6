"""e_fit of many networks at once, against `design.fit`, which searches one network's exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design.blocks import Basic
from netspace.design.fit import fit_regnet
from netspace.design.network import Network, Stage
from netspace.spaces.families import space
from netspace.spaces.line_fit import distance_from_line

counts = st.lists(st.integers(1, 16), min_size=4, max_size=4)


def exact(width: list[float], depth: list[float]) -> float:
    """The least e_fit of a network of these stages."""
    pairs = zip(width, depth, strict=True)
    stages = tuple(Stage(block=Basic(), width=int(w), depth=int(d)) for w, d in pairs)
    return fit_regnet(Network(stages=stages)).error


def drawn(letter: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    family = space(f"anynetx_{letter}", resolution=32)
    columns = family.draw(np.random.default_rng(0).random((number, family.dimensions)))
    return columns["width"], columns["depth"]


@pytest.mark.parametrize("letter", "ae")
def test_near_the_exact_fit(letter):
    width, depth = drawn(letter, 12)
    least = [exact(*row) for row in zip(width.tolist(), depth.tolist(), strict=True)]
    above = distance_from_line(width, depth) - least
    assert np.median(above) < 0.05
    assert above.max() < 0.3
    assert above.min() > -0.15, "the exact fit is of w_m >= 1.05 only"


def test_the_closer_to_a_line_the_smaller():
    """Further and further from a line, one stage a step."""
    width = np.array([[24, 40, 56, 88], [24, 40, 24, 88], [64, 40, 24, 88], [64, 40, 24, 8]], float)
    found = distance_from_line(width, np.array([[3.0, 6, 9, 6]] * 4))
    assert found[0] < 0.1
    assert (np.diff(found) > 0.05).all()


def test_flat_networks_are_on_a_flat_line():
    assert distance_from_line(np.full((1, 4), 64.0), np.array([[1.0, 2, 3, 4]])) == 0


@settings(max_examples=20)
@given(counts, counts)
def test_networks_do_not_depend_on_company(multiples, depth):
    width = np.array([multiples], float) * 8
    rows, depths = drawn("a", 20)
    alone = distance_from_line(width, np.array([depth], float))
    among = distance_from_line(np.vstack([rows, width]), np.vstack([depths, [depth]]))
    assert among[-1] == pytest.approx(alone[0], abs=1e-12)
    assert 0 <= alone[0] <= np.ptp(np.log2(width)) + 1


def test_deep_networks_are_looked_at_in_places():
    """As many blocks in proportion: nearly the same distance."""
    width = np.array([[8.0, 64, 32, 256]] * 2)
    depth = np.array([[16.0, 16, 16, 16], [160, 160, 160, 160]])
    shallow, deep = distance_from_line(width, depth)
    assert deep == pytest.approx(shallow, abs=0.1)


def test_nothing_to_measure():
    assert distance_from_line(np.empty((0, 4)), np.empty((0, 4))).shape == (0,)


def test_what_is_no_network_has_a_distance_too():
    """Tables of other networks may have such columns."""
    width = np.array([[0.0, -4], [12, 0.5], [8, 16]])
    depth = np.array([[0.0, 0], [1, 2.5], [-1, 3]])
    assert np.isfinite(distance_from_line(width, depth)).all()
