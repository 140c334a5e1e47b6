"""The points of a contest's pictures, and what the networks are set against."""

from dataclasses import replace
from math import isinf

import pytest

from netspace.contest_study import EqualLatency
from netspace.present.contest_pictures import costs_of, picture, pictures, points, real_pairs
from tests.present.contest_records import ENTRIES, ERRORS, begun, record


def test_points_are_means_with_intervals_and_all_costs() -> None:
    found = {point.name: point for point in points(record())}
    regnet = found["regnet"]
    assert regnet.error == pytest.approx(sum(ERRORS["regnet"]) / 3)
    assert regnet.low < regnet.error < regnet.high
    assert regnet.kind == "design space"
    assert regnet.costs["flops"] == ENTRIES[1].complexity.flops
    assert regnet.costs["channels_last"] == 1.25


def test_one_seed_each_has_no_whiskers() -> None:
    single = record({name: own[:1] for name, own in ERRORS.items()})
    assert all(isinf(point.low) and isinf(point.high) for point in points(single))


def test_real_pairs_are_those_of_the_table() -> None:
    assert set(real_pairs(record())) == {("residual", "inverted"), ("regnet", "inverted")}


def test_what_was_made_equal_comes_last() -> None:
    assert costs_of(record()) == ("channels_last", "activations", "params", "flops")
    timed = replace(record(), study=replace(record().study, equal=EqualLatency(time="2ms")))
    assert costs_of(timed) == ("flops", "params", "activations", "channels_last")


def test_the_picture_holds_every_network_at_its_cost() -> None:
    figure = picture(record(), "channels_last")
    drawn = {
        (x, y)
        for trace in figure.data
        if trace.mode == "markers" and trace.error_y.array is not None
        for x, y in zip(trace.x, trace.y, strict=True)
    }
    assert drawn == {(point.costs["channels_last"], point.error) for point in points(record())}


def test_nothing_is_drawn_before_a_training_has_finished() -> None:
    assert pictures(begun()) == []
