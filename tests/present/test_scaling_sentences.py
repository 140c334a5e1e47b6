from dataclasses import replace
from math import inf

import pytest

from netspace.analyse.replicates import Estimate
from netspace.present.scaling_findings import Duel, Gains
from netspace.present.scaling_record import points
from netspace.present.scaling_sentences import duel_sentence, gathered, saturation
from tests.present.scaling_records import planned


def duel(value: float, half_width: float, *, series: str = "depth", same: bool = False) -> Duel:
    difference = Estimate(value=value, half_width=half_width)
    return Duel(series=series, factor=2.0, difference=difference, same=same)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            duel(-1.6, 1.0),
            "at 2x, compound beats depth alone by 1.6 points (95 % interval 0.6 to 2.6)",
        ),
        (
            duel(1.6, 1.0, series="fast"),
            "at 2x, fast beats compound by 1.6 points (95 % interval 0.6 to 2.6)",
        ),
        (
            duel(-0.5, 1.0),
            "at 2x, compound and depth alone cannot be told apart: compound minus depth alone is "
            "-0.5 points (95 % interval -1.5 to 0.5)",
        ),
        (
            duel(-1.02, 1.0),
            "at 2x, compound beats depth alone by 1.02 points (95 % interval 0.02 to 2.02)",
        ),
        (
            duel(-0.5, inf),
            "at 2x, compound minus depth alone is -0.50 points; no network has two results, so "
            "the spread over seeds is unknown",
        ),
        (duel(-0.5, 0.1, same=True), "at 2x, compound and depth alone came to the same network"),
    ],
)
def test_a_verdict_in_words(found, said):
    assert duel_sentence(found) == said


def test_verdicts_at_one_factor_are_gathered():
    found = (
        duel(0.1, 1.0, series="depth"),
        duel(-2.0, 1.0, series="width"),
        duel(3.0, 1.0, series="resolution"),
        duel(-4.0, 1.0, series="fast"),
    )
    assert gathered(found) == (
        "At 2x, compound is better than width alone and fast, is worse than resolution alone and "
        "cannot be told apart from depth alone."
    )


def test_saturation_in_words():
    flat = Estimate(value=0.0, half_width=1.0)
    for value, half, said in (
        (2.0, 1.0, "the second step gains less"),
        (-2.0, 1.0, "the second step gains more"),
        (0.5, 1.0, "cannot be told apart"),
        (2.0, inf, "spread unknown"),
    ):
        slower = Estimate(value=value, half_width=half)
        gains = Gains(series="depth", first=flat, second=flat, slowing=slower)
        assert saturation(gains) == said
    assert saturation(replace(gains, slowing=None)) == "not trained twice as far yet"


def test_only_finished_trainings_with_a_number_count():
    trial = planned()[0]
    trials = [
        replace(trial, state="finished", error=30.0),
        replace(trial, state="finished", error=float("nan")),
        replace(trial, state="failed", error=10.0),
        replace(trial, state="running"),
    ]
    (point,) = points(trials)
    assert point.errors == (30.0,)
    assert point.failed == 1
