import json

import pytest

from netspace.analyse.summary import summarise
from netspace.present.populations import errors
from netspace.workflow.summary import summary_text
from tests.present.records import fail, planned, record, study, trained

STUDY = study("regnetx", networks=16)


def told(trials):
    """The one space of summary.json, which holds no NaN."""
    (space,) = json.loads(summary_text(record(STUDY, trials)), parse_constant=pytest.fail)["spaces"]
    return space


def test_intervals_stand_beside_the_numbers_they_belong_to():
    trials = trained(STUDY)
    space, found = told(trials), summarise(errors(trials))
    mean, median = found.mean_interval, found.quantile_intervals[0.5]
    assert mean is not None
    assert space["quantiles"]["0.5"] == space["median"] == found.median
    assert space["intervals"] == {
        "confidence": 0.95,
        "mean": [mean.low, mean.high],
        "quantiles": {
            str(share): [one.low, one.high] for share, one in found.quantile_intervals.items()
        },
        "expected_best": {"5": [interval(found, 5).low, interval(found, 5).high]},
    }
    assert median.low < median.high


def interval(found, k):
    return found.expected_best_intervals[k]


def test_few_networks_have_numbers_but_no_intervals():
    trials = [*trained(STUDY)[:5], *(fail(trial, "diverged") for trial in planned(STUDY)[5:])]
    space = told(trials)
    assert (space["finished"], space["failed"]) == (5, 11)
    assert space["intervals"] == {"confidence": 0.95, "quantiles": {}, "expected_best": {}}
    assert list(space["expected_best"]) == ["5"]
