"""Networks within a latency, on a machine whose times are made up; and the file that is kept."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import InfeasibleError, UserError
from netspace.search.space_domain import SpaceDomain
from netspace.spaces.families import space
from netspace.spaces.sampling import Sample, within
from netspace.train.latency_model import LatencyModel
from netspace.workflow import latency_file, latency_limit
from netspace.workflow.latency_domain import LatencyDomain
from netspace.workflow.latency_file import cache_folder, latency_model
from netspace.workflow.latency_limit import Kept, LatencyCheck, Limit, keep
from tests.workflow.made_up_machine import Machine, network_ms

SPACE = space("mnasnet", resolution=32, classes=10)
FLOPS = (3e6, 6e6)

latencies = st.floats(1e-3, 1e3)


def draw(count: int) -> Sample:
    return SPACE.sample(count, seed=0, flops=FLOPS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LatencyModel:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency_file, "BANDS", ((2e6, 4e6), (12e6, 20e6)))
        return latency_model(32, lambda said: None, measures=Machine().measures, folder=folder)


@pytest.fixture(scope="module")
def middle() -> float:
    """A latency that about half of the networks keep to."""
    return float(np.median([network_ms(network) for network in draw(40)]))


def check(model: LatencyModel, machine: Machine, **ends: float) -> LatencyCheck:
    return LatencyCheck(limit=Limit(**ends), model=model, measure=machine.confirm)


@pytest.mark.parametrize(
    ("written", "low", "high", "said"),
    [
        ("5ms", None, 5, "at most 5 ms"),
        ("5", None, 5, "at most 5 ms"),
        ("4ms..5ms", 4, 5, "4 to 5 ms"),
        ("4 .. 5.5ms", 4, 5.5, "4 to 5.5 ms"),
        ("..5ms", None, 5, "at most 5 ms"),
        ("4ms..", 4, None, "at least 4 ms"),
    ],
)
def test_a_latency_is_written(
    written: str, low: float | None, high: float | None, said: str
) -> None:
    limit = Limit.parse(written)
    assert (limit.low_ms, limit.high_ms, limit.sentence) == (low, high, said)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("5s", "latency '5s' must be milliseconds above 0"),
        ("0ms", "latency '0ms' must be milliseconds above 0"),
        ("..", "latency '..' has no end"),
        ("5ms..4ms", "latency '5ms..4ms' is empty"),
        ("4ms..x", "latency 'x' must be milliseconds"),
    ],
)
def test_a_latency_that_is_none_is_refused(written: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Limit.parse(written)


@given(low=latencies, span=st.floats(1, 10), latency=latencies, off=st.floats(0, 0.8))
def test_what_lies_within_may_do_so_by_any_prediction_as_far_off(
    low: float, span: float, latency: float, off: float
) -> None:
    limit = Limit(low_ms=low, high_ms=low * span)
    assert limit.holds(latency) == (limit.distance(latency) == 0)
    if limit.holds(latency):
        predicted = latency * np.array([1 - off * 0.999, 1, 1 + off * 0.999])
        assert limit.may_hold(predicted, off).all()


def test_only_what_is_measured_within_is_kept(model: LatencyModel, middle: float) -> None:
    machine = Machine()
    drawn, kept = keep(draw, 6, check(model, machine, high_ms=middle))
    chosen = kept.members(drawn)
    assert len(chosen) == 6
    assert list(kept.latencies_ms) == [network_ms(member.network) for member in chosen]
    assert max(kept.latencies_ms) <= middle
    assert kept.measured == len(machine.confirmed) < kept.looked_at
    fast = [p for p, net in enumerate(draw(kept.looked_at)) if network_ms(net) <= middle]
    assert kept.places == tuple(fast)
    np.testing.assert_allclose(kept.predicted_ms, kept.latencies_ms, rtol=0.1)
    assert kept.sentence(Limit(high_ms=middle)).endswith("measured and 6 of those kept.")


def test_what_turns_out_slower_than_predicted_is_left_out(
    model: LatencyModel, middle: float
) -> None:
    machine = Machine(slower=1.3)
    drawn, kept = keep(draw, 3, check(model, machine, high_ms=1.2 * middle))
    assert len(machine.confirmed) == kept.measured > 3
    chosen = kept.members(drawn)
    assert list(kept.latencies_ms) == [1.3 * network_ms(member.network) for member in chosen]
    assert max(kept.latencies_ms) <= 1.2 * middle


def test_a_range_has_two_ends(model: LatencyModel, middle: float) -> None:
    _, kept = keep(draw, 3, check(model, Machine(), low_ms=middle, high_ms=1.3 * middle))
    assert all(middle <= latency <= 1.3 * middle for latency in kept.latencies_ms)


def test_more_are_found_by_going_on(model: LatencyModel, middle: float) -> None:
    """What was measured before is not measured again, and the result is that of one go."""
    machine = Machine()
    _, few = keep(draw, 3, check(model, machine, high_ms=middle))
    before = len(machine.confirmed)
    _, more = keep(draw, 7, check(model, machine, high_ms=middle), few)
    assert more == keep(draw, 7, check(model, Machine(), high_ms=middle))[1]
    assert len(machine.confirmed) == more.measured > before
    _, same = keep(draw, 2, check(model, machine, high_ms=middle), few)
    assert same == few


def test_a_latency_that_nothing_reaches_says_the_nearest(
    model: LatencyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency_limit, "FEWEST_LOOKED_AT", 90)
    machine = Machine()
    fastest = min(network_ms(network) for network in draw(90))
    with pytest.raises(InfeasibleError, match=r"at most 0.1 ms: none of 90 networks") as told:
        keep(draw, 2, check(model, machine, high_ms=0.1))
    assert machine.confirmed == []
    nearest = float(str(told.value).split("the nearest has ")[1].split(" ms")[0])
    assert nearest == pytest.approx(fastest, rel=0.1)


def test_a_machine_that_turned_slow_measures_only_so_many(
    model: LatencyModel, middle: float
) -> None:
    machine = Machine(slower=9)
    with pytest.raises(InfeasibleError, match=r"ms \(measured, .* ms predicted\)"):
        keep(draw, 2, check(model, machine, high_ms=middle))
    assert len(machine.confirmed) == 30


def test_a_busy_machine_is_named() -> None:
    kept = Kept(looked_at=3, measured=3, places=(0, 2), predicted_ms=(1, 2), latencies_ms=(2, 4))
    assert "2.0 times the predicted ones" in kept.sentence(Limit(high_ms=5))
    assert replace(kept, latencies_ms=(1.1, 2.2)).slowed == ""
    assert Kept().slowed == ""


def test_a_small_space_ends_the_looking(model: LatencyModel, middle: float) -> None:
    few = draw(4)
    _, kept = keep(
        lambda count: replace(few, asked=max(count, 5)), 9, check(model, Machine(), high_ms=9e9)
    )
    assert (kept.looked_at, len(kept.places)) == (4, 4)


def test_a_search_chooses_only_from_what_may_be_fast_enough(
    model: LatencyModel, middle: float
) -> None:
    whole = SpaceDomain(SPACE, within(flops=FLOPS))
    limited = LatencyDomain(
        SPACE, within(flops=FLOPS), check(model, Machine(), high_ms=0.9 * middle)
    )
    genes = whole.draw(400, np.random.default_rng(0))
    before, after = whole.judge(genes), limited.judge(genes)
    assert after.keys == before.keys
    assert after.allowed.sum() < before.allowed.sum()
    off = limited._check.off
    for row in np.flatnonzero(before.allowed):
        predicted = model.latencies_ms(whole.member(genes[row]).network, 1)[0]
        assert after.allowed[row] == (predicted / (1 + off) <= 0.9 * middle)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency_file, "BANDS", ((2e6, 4e6),))


@pytest.mark.usefixtures("few")
def test_a_machine_is_measured_once(tmp_path: Path) -> None:
    machine, said = Machine(), list[str]()
    first = latency_model(32, said.append, measures=machine.measures, folder=tmp_path / "new")
    layers, networks = len(machine.operations), len(machine.networks)
    assert said[0].startswith(f"Measuring {layers} layers and {networks} networks at 32x32")
    assert said[0].endswith(f"kept in {tmp_path / 'new' / 'latency-32.json'}.")
    assert "predictions are off by" in said[1]
    again = latency_model(32, said.append, measures=machine.measures, folder=tmp_path / "new")
    assert (len(machine.operations), len(said)) == (layers, 2)
    assert (again.times_ms, again.check) == (first.times_ms, first.check)
    np.testing.assert_allclose(again.weights, first.weights)
    kinds = {operation.kind for operation in machine.operations}
    assert {"hardswish in place", "hardswish", "sigmoid", "relu6"} <= kinds


@pytest.fixture(scope="module")
def kept_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency_file, "BANDS", ((2e6, 4e6),))
        latency_model(32, lambda said: None, measures=Machine().measures, folder=folder)
    return folder / "latency-32.json"


SPOILT: list[Callable[[Any], Any]] = [
    lambda plain: {**plain, "format": 0},
    lambda plain: {**plain, "setting": {**plain["setting"], "device": "another"}},
    lambda plain: {**plain, "setting": {**plain["setting"], "torch": "1.0"}},
    lambda plain: {**plain, "operations": [["conv", 1]]},
    lambda plain: {**plain, "operations": []},
    lambda plain: {**plain, "networks": [["resnet", {"stages": []}, 1.0]]},
    lambda plain: [],
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_file_of_something_else_is_not_read(
    spoil: Callable[[Any], Any], kept_file: Path, tmp_path: Path
) -> None:
    assert latency_file._read(kept_file) is not None
    other = tmp_path / "latency-32.json"
    other.write_text(json.dumps(spoil(json.loads(kept_file.read_text()))))
    assert latency_file._read(other) is None
    other.write_text(kept_file.read_text()[:-9])
    assert latency_file._read(other) is None


@pytest.mark.usefixtures("few")
def test_a_file_that_is_not_read_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "latency-32.json"
    file.write_text("{}")
    latency_model(32, lambda said: None, measures=Machine().measures, folder=tmp_path)
    assert latency_file._read(file) is not None


@pytest.mark.usefixtures("few")
def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked, said = tmp_path / "file", list[str]()
    blocked.write_text("")
    latency_model(32, said.append, measures=Machine().measures, folder=blocked)
    assert any("could not be kept" in sentence for sentence in said)


def test_the_cache_lies_where_the_user_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path))
    assert cache_folder() == tmp_path / "netspace"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "netspace"
