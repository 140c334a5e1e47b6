"""How much of a factor goes to which dimension."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design.factors import METHODS, PRESETS, Base, Factors, Weights, factors
from netspace.errors import SpecError, UnknownNameError, UserError

strengths = st.floats(0.01, 100)


def flops(found: Factors) -> float:
    return found.depth * found.width**2 * found.resolution**2


@given(st.sampled_from(METHODS), strengths)
def test_factors_multiply_to_the_strength(method, strength):
    assert flops(factors(method, strength)) == pytest.approx(strength)


@given(st.sampled_from(METHODS))
def test_strength_one_changes_nothing(method):
    assert factors(method, 1.0).nothing


@given(st.sampled_from(METHODS), strengths, strengths)
def test_a_larger_strength_has_no_smaller_factor(method, one, other):
    small, large = (factors(method, strength) for strength in sorted((one, other)))
    for name in ("depth", "width", "group_width", "resolution"):
        assert getattr(small, name) <= getattr(large, name)


def test_c29_compound_is_powers_of_its_base():
    # Tan & Le 2019, sec. 3.3: alpha x beta^2 x gamma^2 is about 2, exactly 1.92027.
    base = Base()
    assert base.product == pytest.approx(1.92027)
    assert base.power(2).depth * 224 == pytest.approx(1.44 * 224)
    once = factors("compound", base.product)
    assert (once.depth, once.width, once.group_width) == pytest.approx((1.2, 1.1, 1.1))
    assert once.resolution * 224 == pytest.approx(257.6)
    assert flops(base.power(2)) == pytest.approx(3.687, abs=1e-3)
    assert base.power(0.494).resolution * 224 == pytest.approx(240, abs=0.05)


def test_one_dimension_takes_all():
    assert factors("depth", 4) == Factors(depth=4, depths="nearest")
    assert factors("width", 4) == Factors(width=2, group_width=2)
    assert factors("resolution", 4) == Factors(resolution=2)


def test_fast_is_d1_w8_g8_r1():
    # Dollár et al. 2021: with S = a + b + e, s^(a/S), s^(b/2S), s^(c/2S), s^(e/2S).
    found = factors("fast", 1024)
    assert found.depth == pytest.approx(2)
    assert found.width == pytest.approx(16)
    assert found.group_width == pytest.approx(16)
    assert found.resolution == pytest.approx(math.sqrt(2))


def test_group_width_is_no_part_of_the_sum_of_weights():
    weights = Weights(depth=1, width=2, group_width=4, resolution=1)
    found = factors("fast", 16, weights=weights)
    assert (found.depth, found.width) == pytest.approx((2, 2))
    assert (found.group_width, found.resolution) == pytest.approx((4, math.sqrt(2)))


def test_the_base_is_free():
    found = factors("compound", 4, base=Base(alpha=2, beta=1, gamma=1))
    assert (found.depth, found.width, found.resolution) == (4, 1, 1)


def test_presets_are_data():
    assert PRESETS["b7"].factors == Factors(
        depth=3.1, width=2.0, group_width=2.0, resolution=600 / 224
    )
    assert list(PRESETS) == [f"b{number}" for number in range(8)]


@pytest.mark.parametrize("strength", [0, -1, math.nan, math.inf])
def test_a_strength_is_a_finite_number_above_0(strength):
    with pytest.raises(UserError, match=r"factor .* must be a finite number above 0"):
        factors("depth", strength)


def test_an_unknown_method_names_the_nearest():
    with pytest.raises(UnknownNameError, match="'compond'; did you mean 'compound'"):
        factors("compond", 2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Base(alpha=0.9), "alpha 0.9 must be at least 1"),
        (lambda: Base(gamma=math.nan), "gamma nan must be at least 1"),
        (lambda: Base(alpha=1, beta=1, gamma=1), "must not all be 1"),
        (lambda: Weights(width=-8), "weight -8 of width must be at least 0"),
        (lambda: Weights(depth=0, width=0, resolution=0), "must not all be 0"),
    ],
)
def test_bases_and_weights_are_checked(build, message):
    with pytest.raises(SpecError, match=message):
        build()
