import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.spaces.constraints import ActivationLimit, Bound, Measured, ParamLimit


def measured(**values: int) -> Measured:
    names = ("flops", "params", "activations", "stages")
    return Measured(**{name: np.array([values.get(name, 1)]) for name in names})


@pytest.mark.parametrize("quantity", ["flops", "params", "activations", "stages"])
@pytest.mark.parametrize(
    ("low", "high", "inside", "outside"),
    [(10, 20, (10, 15, 20), (9, 21)), (None, 20, (1, 20), (21,)), (10, None, (10, 99), (9, 1))],
)
def test_both_ends_belong_to_a_bound(quantity, low, high, inside, outside):
    bound = Bound(quantity=quantity, low=low, high=high)
    assert all(bound.excess(measured(**{quantity: value})) == 0 for value in inside)
    assert all(bound.excess(measured(**{quantity: value})) > 0 for value in outside)


@given(st.integers(1, 10**11), st.integers(1, 10**11))
def test_one_too_many_is_outside(value, high):
    excess = Bound(quantity="flops", high=high).excess(measured(flops=value))
    assert (excess == 0) == (value <= high)


def test_the_excess_is_a_log_ratio():
    bound = Bound(quantity="params", low=100, high=200)
    assert bound.excess(measured(params=400)) == pytest.approx(np.log(2))
    assert bound.excess(measured(params=25)) == pytest.approx(np.log(4))


def test_bounds_see_columns():
    column = np.arange(1, 6)
    many = Measured(flops=column, params=column, activations=column, stages=column)
    inside = Bound(quantity="stages", low=2, high=4).excess(many) == 0
    assert inside.tolist() == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("limit", "flops", "name", "most"),
    [
        (ActivationLimit(), 400_000_000, "activations", 4_110_960),
        (ActivationLimit(), 1_000_000_000, "activations", 6_500_000),
        (ParamLimit(), 400_000_000, "params", 5_200_000),
        (ParamLimit(), 1_000_000_000, "params", 8_500_000),
    ],
)
def test_limits_of_the_article(limit, flops, name, most):
    """6.5 sqrt(f) and 3.0 + 5.5 f, in millions and GF: Radosavovic et al. 2020, sec. 4."""
    assert limit.excess(measured(flops=flops, **{name: most})) == 0
    assert limit.excess(measured(flops=flops, **{name: most + 1})) > 0


@pytest.mark.parametrize(
    ("constraint", "sentence"),
    [
        (Bound(quantity="flops", low=360e6, high=400e6), "flops in 360M..400M"),
        (Bound(quantity="params", high=6e6), "params in ..6M"),
        (Bound(quantity="activations", low=5e6), "activations in 5M.."),
        (Bound(quantity="stages", low=4, high=4), "exactly 4 stages"),
    ],
)
def test_sentence(constraint, sentence):
    assert constraint.sentence == sentence


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({}, "bound on flops needs a low or a high end"),
        ({"low": 2, "high": 1}, "bound on flops is empty: low end 2 is above 1"),
    ],
)
def test_no_bound(ends, message):
    with pytest.raises(SpecError) as fault:
        Bound(quantity="flops", **ends)
    assert str(fault.value) == message
