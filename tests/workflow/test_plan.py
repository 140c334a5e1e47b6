"""A plan fits its time, and says what it cannot reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.config import Budget, Study
from netspace.errors import InfeasibleError
from netspace.train.probe import Speed
from netspace.workflow.plan import FEWEST, LADDER, MOST, SAFETY, Circumstances, plan

STUDY = Study(data="somewhere", budget=Budget(flops="5M..6M"))


def circumstances(seconds_per_image: float = 1e-3, train_images: int = 45_000) -> Circumstances:
    speed = Speed(training=seconds_per_image, evaluation=seconds_per_image / 3)
    return Circumstances(
        resolution=32, train_images=train_images, validation_images=5_000, workers=2, speeds=[speed]
    )


def images(study: Study) -> int:
    return study.recipe.train_images or circumstances().train_images


def networks(study: Study) -> int:
    return sum(choice.networks for choice in study.spaces)


@given(
    time=st.floats(60, 40_000),
    seconds_per_image=st.floats(1e-5, 3e-3),
    train_images=st.integers(100, 100_000),
)
def test_a_plan_keeps_to_its_time(time: float, seconds_per_image: float, train_images: int) -> None:
    here = circumstances(seconds_per_image, train_images)
    try:
        made = plan(STUDY, here, time=time)
    except InfeasibleError:
        assert here.seconds(4, 3, min(train_images, 500), STUDY.final) > SAFETY * time
        return
    assert made.seconds <= SAFETY * time
    assert 4 <= networks(made.study) <= MOST
    assert (made.study.recipe.train_images or train_images) <= train_images
    assert networks(made.study) >= FEWEST or any("allow only" in said for said in made.sentences)


@given(time=st.floats(600, 20_000))
def test_more_time_never_means_a_smaller_study(time: float) -> None:
    less, more = (plan(STUDY, circumstances(), time=t).study for t in (time, 1.5 * time))
    assert more.recipe.epochs * images(more) >= less.recipe.epochs * images(less)


def test_all_images_are_used_before_networks_and_epochs_grow() -> None:
    part, whole = (plan(STUDY, circumstances(), time=time).study for time in (1_200, 6_000))
    assert part.recipe.train_images is not None
    assert (networks(part), part.recipe.epochs) == LADDER[0]
    assert whole.recipe.train_images is None
    assert networks(whole) > LADDER[0][0]


def test_the_networks_are_shared_out_evenly() -> None:
    made = plan(STUDY, circumstances(), time=1_200)
    each = [choice.networks for choice in made.study.spaces]
    assert max(each) - min(each) <= 1


def test_a_time_that_allows_few_networks_is_said() -> None:
    made = plan(STUDY, circumstances(seconds_per_image=8e-3), time=900)
    assert networks(made.study) < FEWEST
    assert "15 min allow only" in made.sentences[-1]


def test_a_time_that_is_too_short_says_how_much_is_needed() -> None:
    with pytest.raises(InfeasibleError, match=r"--time 10 s is too short.* take \d+ min"):
        plan(STUDY, circumstances(seconds_per_image=1e-2), time=10)
