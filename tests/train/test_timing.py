"""Rounds of runs on a clock that only runs move: what counts, in which order, and what cancels."""

import gc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import UserError
from netspace.train.timing import (
    AIM_SECONDS,
    FEWEST_RUNS,
    MOST_RUNS,
    Schedule,
    fitted,
    in_rounds,
    warm_up,
)

C27 = (3.5377, 0.11126, 0.08307, 0.08356, 0.08333, 0.08269)


class Machine:
    """Tasks that take so many seconds, times how slow the machine is by now."""

    def __init__(self, seconds=(1.0,), drift=0.0, cold=1.0):
        self.seconds, self.drift, self.cold = seconds, drift, cold
        self.now, self.ran = 0.0, []

    def clock(self):
        return self.now

    def tasks(self):
        return [lambda number=number: self._run(number) for number in range(len(self.seconds))]

    def _run(self, number):
        first = not self.ran or self.ran[-1] != number
        slow = (1 + self.drift * len(self.ran)) * (self.cold if first else 1.0)
        self.ran.append(number)
        self.now += self.seconds[number] * slow

    def in_rounds(self, schedule, **options):
        return in_rounds(self.tasks(), schedule, clock=self.clock, **options)


def test_each_round_takes_every_task_and_leaves_its_first_run_out():
    machine = Machine((1.0, 2.0, 4.0), cold=10.0)
    seconds = machine.in_rounds(Schedule(rounds=4, runs=2))
    assert seconds.shape == (3, 4, 2)
    expected = np.array([1.0, 2.0, 4.0])[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(seconds, np.broadcast_to(expected, seconds.shape))
    assert len(machine.ran) == 3 * 4 * 3
    for number in range(4):
        assert Counter(machine.ran[9 * number : 9 * number + 9]) == {0: 3, 1: 3, 2: 3}


def test_the_order_is_drawn_anew_and_repeatable():
    def order(seed):
        machine = Machine((1.0,) * 5)
        machine.in_rounds(Schedule(rounds=6, runs=1), seed=seed)
        return tuple(tuple(machine.ran[start : start + 10 : 2]) for start in range(0, 60, 10))

    assert order(0) == order(0)
    assert order(0) != order(1)
    assert len(set(order(0))) >= 5


def test_drift_hits_all_alike():
    """A machine that ends four times as slow: one after the other, equal tasks would look apart."""
    machine = Machine((1.0, 1.0), drift=0.01)
    first, second = np.median(machine.in_rounds(Schedule(rounds=30, runs=4)), axis=-1)
    assert first[-1] / first[0] > 3.5
    assert np.median(first / second) == pytest.approx(1.0, abs=0.05)


def test_c27_the_first_run_is_warm_up():
    """The plain mean of all six is 0.66 s."""
    times = iter(C27)
    now = [0.0]

    def task():
        now[0] += next(times)

    assert warm_up([task], 6, clock=lambda: now[0]) == pytest.approx(min(C27))


def test_warm_up_runs_all_and_gives_the_seconds_of_all():
    machine = Machine((1.0, 2.0), cold=50.0)
    assert warm_up(machine.tasks(), 3, clock=machine.clock) == pytest.approx(3.0)
    assert Counter(machine.ran) == {0: 3, 1: 3}


def test_the_clock_is_read_only_when_all_work_is_done():
    told = []
    in_rounds(
        [lambda: told.append("run")],
        Schedule(rounds=1, runs=1),
        settle=lambda: told.append("wait"),
        clock=lambda: told.append("read") or len(told),
    )
    assert told == ["wait", "read", "run", "wait", "read"] * 2


def test_progress_is_told_task_by_task():
    heard = []
    Machine((1.0, 1.0)).in_rounds(Schedule(rounds=3, runs=1), advance=heard.append)
    assert heard == [1] * 6


@pytest.mark.parametrize("enabled", [True, False])
def test_no_garbage_is_collected_meanwhile(enabled):
    before, seen = gc.isenabled(), []

    def task():
        seen.append(gc.isenabled())
        if len(seen) == 3:
            raise RuntimeError

    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(RuntimeError):
            in_rounds([task], Schedule(rounds=2, runs=2))
        assert gc.isenabled() is enabled
        assert seen == [False] * 3
    finally:
        (gc.enable if before else gc.disable)()


@given(st.integers(1, 50), st.floats(1e-5, 1e3))
def test_runs_fit_the_time_within_their_limits(rounds, once):
    found = fitted(rounds, once)
    assert found.rounds == rounds
    assert FEWEST_RUNS <= found.runs <= MOST_RUNS
    if found.runs > FEWEST_RUNS:
        assert found.seconds(once) <= AIM_SECONDS * (1 + 1e-9)
    if found.runs < MOST_RUNS:
        assert found.seconds(once) + rounds * once > AIM_SECONDS


def test_a_clock_that_stands_still_allows_the_most():
    assert fitted(9, 0.0).runs == MOST_RUNS


@pytest.mark.parametrize("name", ["rounds", "runs", "warmup"])
def test_counts_out_of_range_are_refused(name):
    with pytest.raises(UserError, match=f"{name} 0 must be at least 1"):
        Schedule(**{name: 0})
