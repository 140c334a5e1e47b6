from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.present.search_trace import Trace
from netspace.present.search_volume import covered, volume
from netspace.search.front import hypervolume

ROWS = st.integers(2, 3).flatmap(
    lambda k: st.lists(st.tuples(*[st.integers(0, 8).map(lambda n: n / 8)] * k), max_size=12)
)


def of(errors, drawn=0, **costs) -> Trace:
    own = np.arange(len(errors)) < drawn
    columns = {name: np.array(values, dtype=np.float64) for name, values in costs.items()}
    return Trace.of(np.array(errors, dtype=np.float64), costs=columns, drawn=own)


def test_by_hand():
    # The box spans two decades: 20 % error at its middle beats 0.8 x 1/2, 60 % at its left 0.4.
    found = volume(of([np.nan, 20.0, 60.0, 70.0], flops=[1e8, 1e7, 1e6, 1e7]), ["flops"])
    assert found.share == pytest.approx([0.0, 0.4, 0.4 + 0.4 * 0.5, 0.6])


def test_two_costs():
    found = volume(of([50.0, 100.0], flops=[1e6, 1e8], params=[1e3, 1e5]), ["flops", "params"])
    assert found.share == pytest.approx([0.5, 0.5])


@given(ROWS)
def test_what_the_rows_so_far_beat(rows):
    values = np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows else 2)
    share = covered(values)
    for k in range(1, len(rows) + 1):
        assert share[k - 1] == pytest.approx(hypervolume(values[:k], np.ones(values.shape[1])))


def test_random_ends_where_all_draws_stand_and_begins_at_their_mean():
    errors = [60.0, 50.0, 40.0, 30.0]
    trace = of(errors, drawn=3, flops=[1e6, 1e7, 5e7, 1e8])
    found = volume(trace, ["flops"])
    assert found.draws == 3
    assert found.random[-1] == pytest.approx(found.share[2])
    alone = [
        volume(of([error, np.nan, np.nan], flops=[own, 1e6, 1e8]), ["flops"]).share[0]
        for error, own in zip(errors[:3], (1e6, 1e7, 5e7), strict=True)
    ]
    assert found.random[0] == pytest.approx(np.mean(alone), abs=0.03)
    assert (np.diff(found.random) > 0).all()


def test_where_there_is_no_box():
    assert volume(of([30.0, 40.0], flops=[1e6, 1e6]), ["flops"]) is None
    assert volume(of([np.nan, np.nan], flops=[1e6, 1e7]), ["flops"]) is None
    assert volume(of([], flops=[]), ["flops"]) is None


def test_rungs_leave_no_random_sample():
    trace = of([60.0, 50.0, 40.0], drawn=3, flops=[1e6, 1e7, 1e8])
    halved = replace(trace, rungs=(1, 2), epochs=np.full(3, 2))
    assert volume(halved, ["flops"]).draws == 0
    assert volume(trace, ["flops"]).draws == 3
