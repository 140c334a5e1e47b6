import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.recipe import Recipe


def test_cosine_without_warm_up_has_the_known_values() -> None:
    """C57: 100 epochs at 1e-3; a schedule is a function of the epoch, wherever one starts."""
    recipe = Recipe(epochs=100, learning_rate=1e-3, warmup_epochs=0)
    assert recipe.learning_rate_at(45) == pytest.approx(5.78217e-4, rel=1e-5)
    assert recipe.learning_rate_at(46) == pytest.approx(5.62667e-4, rel=1e-5)
    assert recipe.learning_rate_at(0) == 1e-3
    assert recipe.learning_rate_at(100) == pytest.approx(0, abs=1e-18)


def test_warm_up_as_long_as_the_training_reaches_the_peak() -> None:
    """C59: no division by zero at the last step."""
    recipe = Recipe(epochs=5, warmup_epochs=5, learning_rate=0.2)
    assert recipe.learning_rate_at(2.5) == pytest.approx(0.1)
    assert recipe.learning_rate_at(5) == 0.2


def test_warm_up_longer_than_the_training_is_refused() -> None:
    """C59."""
    with pytest.raises(SpecError, match="warmup_epochs 7 must lie from 0 to epochs 5"):
        Recipe(epochs=5, warmup_epochs=7)


@given(
    epochs=st.integers(1, 50),
    share=st.floats(0, 1),
    moment=st.floats(0, 1),
)
def test_the_learning_rate_is_never_negative_nor_above_its_peak(
    epochs: int, share: float, moment: float
) -> None:
    recipe = Recipe(epochs=epochs, warmup_epochs=share * epochs, learning_rate=0.3)
    assert 0 <= recipe.learning_rate_at(moment * epochs) <= 0.3 * (1 + 1e-12)


@given(epochs=st.integers(2, 50), a=st.floats(0, 1), b=st.floats(0, 1))
def test_it_only_falls_after_warm_up(epochs: int, a: float, b: float) -> None:
    recipe = Recipe(epochs=epochs, warmup_epochs=1)
    early, late = sorted(1 + value * (epochs - 1) for value in (a, b))
    assert recipe.learning_rate_at(late) <= recipe.learning_rate_at(early) + 1e-12


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"epochs": 0}, "epochs 0 must be at least 1"),
        ({"batch_size": 1}, "batch_size 1 must be at least 2"),
        ({"train_images": 0}, "train_images 0 must be at least 1"),
        ({"learning_rate": 0}, "learning_rate 0 must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate nan must be above 0"),
        ({"momentum": 1.0}, "momentum 1.0 must be at least 0 and below 1"),
        ({"label_smoothing": -0.1}, "label_smoothing -0.1 must be"),
        ({"crop_share": 1}, "crop_share 1 must be"),
        ({"weight_decay": -1}, "weight_decay -1 must be at least 0"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(fault: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Recipe(**fault)
