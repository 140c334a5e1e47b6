"""summary.json of a scaling study: the same numbers as its trials."""

import json
from statistics import fmean

import pytest

from netspace.design.serial import network_from_plain
from netspace.present.scaling_record import best_of_grid
from netspace.workflow.scaling_summary import scaling_summary, scaling_summary_text
from tests.present.records import fail
from tests.present.scaling_records import confirmation, planned, record, trained, whole


def test_the_best_network_with_its_costs_and_interval() -> None:
    study = whole()
    best, spread = study.best, study.spread
    assert best is not None
    assert spread is not None
    told = scaling_summary(study)
    assert network_from_plain(told["winner"]) == best.network
    for cost in ("flops", "params", "activations"):
        assert told[cost] == getattr(best.complexity, cost)
    assert told["resolution"] == best.network.resolution[0]
    assert (told["alpha"], told["beta"], told["gamma"]) == best.bases
    mean, half = fmean(best.errors), spread.half_width(2)
    assert told["validation_error_percent"] == pytest.approx(mean)
    assert told["validation_error_interval"] == pytest.approx([mean - half, mean + half])


def test_every_series_comparison_and_point() -> None:
    study = whole()
    told = scaling_summary(study)
    assert [(one["series"], one["factor"]) for one in told["series"]] == [
        ("base", 1.0),
        *((name, 2.0) for name in ("compound", "depth", "width", "resolution", "fast")),
        *((name, 4.0) for name in ("compound", "depth", "width", "resolution", "fast")),
    ]
    for one, point in zip(told["series"], study.ways, strict=True):
        assert one["error_percent"] == pytest.approx(point.mean)
        assert one["errors_percent"] == list(point.errors)
        assert (one["finished"], one["failed"]) == (2, 0)
        assert one["flops"] == point.complexity.flops
    assert len(told["comparisons"]) == 8
    for pair in told["comparisons"]:
        ours, other = (study.at(name, pair["factor"]) for name in pair["series"])
        assert ours is not None
        assert other is not None
        assert pair["difference"] == pytest.approx(ours.mean - other.mean)
        assert pair["low"] < pair["difference"] < pair["high"]
        decided = {True: "better", False: "worse"}[pair["high"] < 0]
        undecided = pair["low"] <= 0 <= pair["high"]
        assert pair["verdict"] == ("undecided" if undecided else decided)
    assert [(p["alpha"], p["beta"], p["gamma"]) for p in told["grid"]] == [
        point.bases for point in study.grid
    ]
    assert told["trainings_finished"] == 46
    assert told["data"] == {"name": "cifar10", "fingerprint": "0123456789abcdef"}
    assert told["seconds"] == 3505.0


def test_a_network_that_is_trained_twice_is_one_network() -> None:
    study = whole()
    distinct = {point.network for point in study.points}
    assert scaling_summary(study)["networks_trained"] == len(distinct) < len(study.points)


def test_half_of_it() -> None:
    first = planned()
    told = json.loads(scaling_summary_text(record([*trained(first[:5]), *first[5:]])))
    assert told["winner"] is None
    assert told["comparisons"] == []
    assert told["series"][0]["finished"] == 1
    assert told["series"][1]["error_percent"] is None
    assert told["trainings_finished"] == told["networks_trained"] == 5


def test_failed_trainings() -> None:
    first = planned()
    one = record([fail(first[1], "diverged"), *trained(first[2:])])
    told = scaling_summary(one)
    assert (told["networks_failed"], told["trainings_failed"]) == (0, 1)
    assert sum(point["failed"] for point in told["grid"]) == 1
    lost = scaling_summary(record([fail(trial, "diverged") for trial in first]))
    assert lost["networks_trained"] == 0
    assert lost["networks_failed"] == len({trial.network for trial in first})
    assert lost["winner"] is None


def test_a_network_that_failed_once_and_was_trained_elsewhere_has_not_failed() -> None:
    first = trained(planned())
    best = best_of_grid(record(first).points)
    assert best is not None
    again = [fail(trial, "diverged") for trial in confirmation(best)]
    told = scaling_summary(record([*first, *again]))
    assert told["trainings_failed"] == 4
    assert told["networks_failed"] == 1  # the one at the square of the factor


def test_without_two_seeds_intervals_are_null() -> None:
    first = trained(planned(seeds=1))
    best = best_of_grid(record(first).points)
    assert best is not None
    again = trained(confirmation(best, seeds=1))
    told = json.loads(scaling_summary_text(record([*first, *again])))
    assert told["winner"] is not None
    assert told["validation_error_interval"] is None
    assert {one["half_width"] for one in told["series"]} == {None}
    assert {(pair["low"], pair["verdict"]) for pair in told["comparisons"]} == {(None, "undecided")}
