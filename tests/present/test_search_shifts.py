import numpy as np
import pytest

from netspace.present.search_shifts import FEWEST, shifts
from netspace.present.search_trace import Trace

RNG = np.random.default_rng(1)


def of(**parameters) -> Trace:
    columns = {name: np.array(values, dtype=np.float64) for name, values in parameters.items()}
    count = len(next(iter(columns.values())))
    return Trace.of(
        np.full(count, 40.0), costs={}, drawn=np.ones(count, dtype=np.bool_), parameters=columns
    )


def test_shares_of_the_first_and_the_last_third():
    values = [[1]] * 6 + [[2]] * 2 + [[3]] * 7 + [[2]] * 3 + [[4]] * 2
    (shift,) = shifts(of(depth=values))  # 20 networks: thirds of 6
    assert shift.values == ("1", "2", "3", "4")
    assert shift.early.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert shift.late == pytest.approx([0, 3 / 6, 1 / 6, 2 / 6])
    assert shift.moved == pytest.approx(1.0)
    assert shift.name == "depth"


def test_what_moves_stands_out_and_the_rest_does_not():
    count = 60
    still = RNG.integers(1, 5, (count, 3))
    moves = np.where(np.arange(count)[:, np.newaxis] < 30, 1, RNG.integers(2, 4, (count, 1)))
    both = np.hstack([still[:, :1], moves])
    found = {shift.name: shift for shift in shifts(of(depth=both, group_width=still))}
    clear = [name for name, shift in found.items() if shift.clear]
    assert clear == ["depth, stage 2"]
    assert list(found)[2:] == [f"group width, stage {n}" for n in (1, 2, 3)]


def test_a_random_order_seldom_stands_out():
    alarms = 0
    for _ in range(40):
        alarms += any(one.clear for one in shifts(of(depth=RNG.integers(1, 9, (45, 4)))))
    assert alarms <= 6  # at 5 %: more than 6 of 40 has probability 0.3 %


def test_many_values_are_binned_alike_in_all_stages():
    values = RNG.permutation(np.arange(8, 8 * 91, 8))[:, np.newaxis] + np.array([[0, 8]])
    first, second = shifts(of(width=values))
    assert first.values == second.values
    assert len(first.values) == 6
    assert first.values[0].startswith("8–")
    assert sum(first.early) == pytest.approx(1) == sum(second.late)


def test_values_with_names_are_called_by_them_and_never_binned():
    labels = {"operation": {float(n): f"kind {n}" for n in range(12)}}
    values = RNG.permutation(np.repeat(np.arange(12), 3))[:, np.newaxis]
    (shift,) = shifts(of(operation=values), labels)
    assert shift.values == tuple(f"kind {n}" for n in range(12))


def test_what_is_shared_by_all_stages_has_one_row():
    shared = np.repeat(RNG.integers(1, 4, (30, 1)), 4, axis=1)
    (shift,) = shifts(of(bottleneck_ratio=shared))
    assert shift.place is None


def test_what_is_the_same_in_all_networks_is_left_out():
    assert shifts(of(depth=np.full((30, 2), 3))) == ()


def test_a_place_that_no_late_network_has_is_left_out():
    values = RNG.integers(1, 4, (30, 2)).astype(np.float64)
    values[15:, 1] = np.nan
    (shift,) = shifts(of(depth=values))
    assert shift.place == 1


def test_missing_values_do_not_count():
    values = np.array([[1.0]] * 3 + [[np.nan]] * 3 + [[2.0]] * 14)
    (shift,) = shifts(of(depth=values))
    assert shift.early.tolist() == [1.0, 0.0]


def test_few_networks_say_nothing():
    assert shifts(of(depth=RNG.integers(1, 4, (3 * FEWEST - 1, 1)))) == ()
    assert shifts(of(depth=RNG.integers(1, 4, (3 * FEWEST, 1))))
