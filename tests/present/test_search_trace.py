from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.present.search_trace import (
    Trace,
    best_trial,
    finalists,
    followed,
    front_costs,
    front_rows,
    trace_of,
)
from netspace.present.tables import final_table
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Pareto, Reward
from tests.present.records import (
    fail,
    final_round,
    planned,
    record,
    search_record,
    search_study,
    stopped,
    study,
    trained,
    winner,
)

STUDY = search_study()
TRIALS = tuple(trained(STUDY))
MAYBE_ERRORS = st.lists(st.one_of(st.floats(0, 100), st.just(np.nan)), min_size=1, max_size=40)


def of(errors, **costs) -> Trace:
    errors = np.array(errors, dtype=np.float64)
    columns = {name: np.array(values, dtype=np.float64) for name, values in costs.items()}
    return Trace.of(errors, costs=columns, drawn=np.ones(len(errors), dtype=np.bool_))


class TestRun:
    def test_a_row_for_each_network_in_the_order_asked_for(self):
        trace = trace_of(search_record(STUDY, TRIALS[::-1]))
        assert trace.names == tuple(trial.name for trial in TRIALS)
        assert trace.errors.tolist() == [trial.error for trial in TRIALS]
        assert trace.costs["params"].tolist() == [trial.complexity.params for trial in TRIALS]
        assert trace.drawn.tolist() == [True] * 10 + [False] * 14
        assert trace.parameters["depth"][:, 0].tolist() == [t.parameters["depth"] for t in TRIALS]
        assert trace.spent_epochs[-1] == 4 * 24
        assert trace.spent_seconds[:2].tolist() == [10.0, 20.0]

    def test_without_a_result_there_is_no_error(self):
        odd = [fail(TRIALS[0], "diverged"), *TRIALS[1:20], *planned(STUDY)[20:]]
        trace = trace_of(search_record(STUDY, odd))
        assert np.flatnonzero(np.isnan(trace.errors)).tolist() == [0, 20, 21, 22, 23]
        assert np.flatnonzero(trace.failed).tolist() == [0]
        assert trace.spent_epochs[-1] == 4 * 20  # a failed one was trained too

    def test_latencies_go_by_the_order_asked_for(self):
        latencies = tuple(float(number) for number in range(24))
        trace = trace_of(search_record(STUDY, TRIALS[::-1], latencies_ms=latencies))
        assert trace.costs["latency_ms"].tolist() == list(latencies)
        assert "latency_ms" not in trace_of(search_record(STUDY, TRIALS)).costs

    def test_nothing_asked_for_yet(self):
        record = search_record(STUDY, [])
        assert len(trace_of(record)) == 0
        assert best_trial(record) is None


class TestRungs:
    STUDY = search_study(halving=Halving(first=1, factor=3))

    def record(self):
        cut = [stopped(one, 1) for one in TRIALS[:20]]
        return search_record(self.STUDY, [*cut, stopped(TRIALS[20], 3), *TRIALS[21:]])

    def test_only_those_trained_to_the_end_are_compared(self):
        trace = trace_of(self.record())
        assert trace.rungs == (1, 3, 4)
        assert np.flatnonzero(trace.whole).tolist() == [21, 22, 23]
        found = followed(trace, Accuracy())
        assert np.isnan(found.so_far[:21]).all()
        assert found.so_far[-1] == min(trial.error for trial in TRIALS[21:])
        assert np.flatnonzero(np.isfinite(found.early)).tolist() == list(range(21))
        assert trace.spent_epochs[-1] == 20 + 3 + 12

    def test_an_error_after_few_epochs_never_wins(self):
        best = replace(stopped(TRIALS[0], 1), error=0.5)
        found = best_trial(search_record(self.STUDY, [best, *TRIALS[1:]]))
        assert found == min(TRIALS[1:], key=lambda trial: trial.error)
        assert best_trial(search_record(self.STUDY, [best])) is None


class TestFollowed:
    @given(MAYBE_ERRORS)
    def test_so_far_is_the_least_until_then_and_failures_change_nothing(self, errors):
        found = followed(of(errors), Accuracy())
        for k in range(1, len(errors) + 1):
            known = [error for error in errors[:k] if error == error]
            row = found.best_rows[k - 1]
            if not known:
                assert np.isnan(found.so_far[k - 1])
                assert row == -1
            else:
                assert found.so_far[k - 1] == min(known) == errors[row]
                assert row == errors.index(min(known))

    def test_a_reward_is_to_be_high(self):
        trace = of([50.0, 40.0, np.nan, 45.0], flops=[1e6, 16e6, 1e6, 1e6])
        objective = Reward(target=1e6, w=-0.5)
        found = followed(trace, objective)
        assert found.values[[0, 1, 3]] == pytest.approx([0.5, 0.15, 0.55])
        assert found.so_far == pytest.approx([0.5, 0.5, 0.5, 0.55])
        assert found.best_rows.tolist() == [0, 0, 0, 3]
        assert found.best == 3

    def test_the_best_trial_is_the_objectives(self):
        objective = Reward(target="1M", w=-30.0)  # whatever the error
        record = search_record(search_study(objective=objective), TRIALS)
        assert best_trial(record) == min(TRIALS, key=lambda trial: trial.complexity.flops)
        assert best_trial(search_record(STUDY, TRIALS)) == min(TRIALS, key=lambda t: t.error)

    def test_all_failed(self):
        found = followed(of([np.nan, np.nan]), Accuracy())
        assert found.best is None
        assert found.best_rows.tolist() == [-1, -1]


class TestFinalists:
    FINAL = final_round(TRIALS, candidates=4)

    def of(self, objective=None, final=FINAL, **changes):
        made = search_record(search_study(objective=objective), TRIALS, **changes)
        return finalists(replace(made, trials=(*TRIALS, *final)))

    def test_of_a_reward_the_winner_stands_first(self):
        found = self.of(Reward(target="1M", w=-30.0))  # whatever the error
        flops = [one.first.complexity.flops for one in found]
        assert flops == sorted(flops)
        assert [one.error for one in found] != sorted(one.error for one in found)
        assert final_table(found, TRIALS, winner(found[0].trials)).marked == 0

    def test_latencies_count_by_network(self):
        places = [self.FINAL[first].index for first in (4, 0, 6, 2)]
        latencies = [100.0] * len(TRIALS)
        for place, index in enumerate(places, start=1):
            latencies[index] = float(place)
        objective = Reward(target="1ms", cost="latency_ms", w=-30.0)
        found = self.of(objective, latencies_ms=tuple(latencies))
        assert [one.first.index for one in found] == places

    def test_the_front_stands_before_what_it_beats(self):
        found = self.of(Pareto(), final_round(TRIALS, candidates=12))
        values = np.array([(one.error, one.first.complexity.flops) for one in found])
        beaten = [((values < row).all(axis=1)).any() for row in values]
        assert any(beaten)
        assert beaten == sorted(beaten)
        assert np.diff(values[~np.array(beaten), 0]).min() > 0

    def test_fewer_seeds_and_then_none_come_last(self):
        worse = [fail(self.FINAL[0], "diverged"), fail(self.FINAL[1], "diverged")]
        final = [*worse, self.FINAL[2], fail(self.FINAL[3], "diverged"), *self.FINAL[4:]]
        order = [one.first.index for one in self.of(final=final)]
        assert order == [final[first].index for first in (4, 6, 2, 0)]
        assert self.of(final=worse)[0].error is None

    def test_without_a_search_the_lowest_mean_error_stands_first(self):
        final = [self.FINAL[0], fail(self.FINAL[1], "diverged"), *self.FINAL[2:]]
        found = finalists(record(study("regnetx"), [*TRIALS, *final]))
        means = [one.error for one in found]
        assert means == sorted(means)
        assert found[0].first.index == self.FINAL[0].index


class TestFront:
    def test_by_hand(self):
        trace = of(
            [30, 20, 20, 10, np.nan, 40], flops=[1, 2, 3, 4, 1, 1], params=[9, 9, 1, 9, 0, 9]
        )
        assert front_rows(trace, ["flops"]).tolist() == [0, 1, 3]
        assert front_rows(trace, ["flops", "params"]).tolist() == [0, 1, 2, 3]

    def test_costs_are_the_objectives_else_flops(self):
        assert front_costs(Accuracy()) == ("flops",)
        assert front_costs(Reward(target="5ms", cost="latency_ms")) == ("latency_ms",)
        assert front_costs(Pareto(costs=("params", "flops"))) == ("params", "flops")


def test_a_search_on_a_table_needs_no_trials():
    trace = of([30.0, np.nan], flops=[1.0, 2.0])
    assert trace.names == ("network 1", "network 2")
    assert trace.states == ("finished", "failed")
    assert trace.whole.tolist() == [True, False]
    assert trace.spent_epochs.tolist() == [0, 0]
