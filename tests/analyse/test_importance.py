import time
from itertools import combinations

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from netspace.analyse.importance import fewest, importances
from netspace.errors import UserError
from tests.analyse.tables import table

NAN = float("nan")


def ordered(seed=0, n=400):
    """Of four parameters the first matters most, the second less, the other two not at all."""
    rng = np.random.default_rng(seed)
    values = {name: rng.integers(0, 10, n).astype(float) for name in ("a", "b", "c", "d")}
    errors = 30 + 3 * values["a"] + 1.5 * values["b"] + rng.normal(0, 1, n)
    return errors, values


def by_name(found):
    return {(one.parameter, one.stage): one for one in found}


def test_the_order_and_shares_are_those_of_optuna():
    errors, values = ordered()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    study.add_trials(
        optuna.create_trial(
            value=error,
            params={name: int(column[row]) for name, column in values.items()},
            distributions=dict.fromkeys(values, IntDistribution(0, 9)),
        )
        for row, error in enumerate(errors)
    )
    reference = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    found = importances(table(errors, values))
    assert [one.parameter for one in found[:2]] == list(reference)[:2] == ["a", "b"]
    for one in found:
        assert one.share == pytest.approx(reference[one.parameter], abs=0.05)
    assert [one.significant for one in found] == [True, True, False, False]
    assert sum(one.share for one in found) == pytest.approx(1.0)


def test_chance_adds_nothing_on_average():
    """Over all choices of the best 5 of 10, the divergence is exactly 0 on average."""
    values = np.array([1.0, 1, 2, 2, 2, 3, 3, 3, 3, 4])
    found = []
    for best in combinations(range(10), 5):
        errors = np.ones(10)
        errors[list(best)] = 0.0
        (one,) = importances(table(errors, {"x": values}), top=0.5)
        found.append(one.divergence)
    assert np.mean(found) == pytest.approx(0.0, abs=1e-12)
    assert min(found) < 0.0 < max(found)


def test_by_hand():
    """The best half all have x = 1, the rest 2: Pearson's divergence is 2 ((1 - 1/2)^2 / (1/2))."""
    errors, x = np.arange(200.0), np.repeat([1.0, 2.0], 100)
    (one,) = importances(table(errors, {"x": x}), top=0.5)
    assert one.divergence == pytest.approx(1.0, abs=0.01)
    assert (one.share, one.networks) == (1.0, 200)
    assert one.p_value < 1e-30


def test_an_irrelevant_parameter_is_rarely_significant():
    """Beside one that matters, in at most 5 % of populations, small ones and large."""
    for n in (50, 400):
        wrong = 0
        for seed in range(100):
            errors, values = ordered(seed, n)
            found = by_name(importances(table(errors, values)))
            wrong += found["c", None].significant or found["d", None].significant
        assert wrong <= 10  # expected 5 at the very most; more than 10 in 1.1 % of cases


def test_where_nothing_separates_all_shares_are_0():
    silent = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns = {f"p{number}": rng.random(100) for number in range(10)}
        found = importances(table(rng.random(100), columns))
        significant = any(one.significant for one in found)
        assert sum(one.share for one in found) == pytest.approx(1.0 if significant else 0.0)
        silent += not significant
    assert silent >= 34


def test_each_stage_alone_and_all_together():
    rng = np.random.default_rng(0)
    depth = rng.integers(1, 9, (500, 3)).astype(float)
    found = by_name(importances(table(40 - 3 * depth[:, 1] + rng.normal(0, 1, 500), {"d": depth})))
    assert set(found) == {("d", 1), ("d", 2), ("d", 3), ("d", None)}
    assert {one.stages for one in found.values()} == {3}
    most = max(found.values(), key=lambda one: one.share)
    assert most is found["d", 2]
    summed = by_name(importances(table(40 - depth.sum(axis=1), {"d": depth})))
    assert max(summed.values(), key=lambda one: one.share) is summed["d", None]


def test_stages_that_are_alike_are_one_parameter():
    errors, values = ordered()
    (one,) = importances(table(errors, {"a": np.tile(values["a"], (4, 1)).T}))
    (same,) = importances(table(errors, {"a": values["a"]}))
    assert one == same
    assert (one.stage, one.stages) == (None, 1)


def test_a_parameter_with_one_value_separates_nothing():
    errors, values = ordered()
    found = by_name(importances(table(errors, {**values, "same": np.full(400, 7.0)})))
    same = found["same", None]
    assert (same.share, same.divergence, same.p_value) == (0.0, 0.0, 1.0)


def test_missing_values_are_left_out_for_that_parameter():
    errors, values = ordered()
    gaps = np.where(np.arange(400) % 3 == 0, NAN, values["a"])
    none = np.full(400, NAN)
    found = by_name(importances(table(errors, {"a": gaps, "b": values["b"], "none": none})))
    assert found["a", None].networks == int(np.isfinite(gaps).sum())
    assert found["a", None].significant
    assert (found["none", None].networks, found["none", None].share) == (0, 0.0)


def test_failed_networks_are_left_out():
    errors, values = ordered()
    worse = {name: np.append(column, [0.0] * 50) for name, column in values.items()}
    found = importances(table(np.append(errors, [NAN] * 50), worse))
    assert found == importances(table(errors, values))


def test_equal_errors_tell_nothing():
    (one,) = importances(table(np.full(100, 40.0), {"x": np.arange(100.0)}))
    assert (one.share, one.p_value) == (0.0, 1.0)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_order_of_rows_changes_nothing(seed, shuffled):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, (60, 2)).astype(float)
    x[rng.random((60, 2)) < 0.1] = NAN
    whole = table(rng.integers(20, 40, 60), {"x": x, "y": rng.random(60)})
    order = np.random.default_rng(shuffled).permutation(60)
    assert importances(whole) == importances(whole.rows(order))


def test_a_table_without_parameters_has_none():
    assert importances(table(np.arange(100.0), {})) == ()


def test_a_hundred_thousand_networks_are_fast():
    errors, values = ordered(n=100_000)
    started = time.perf_counter()
    importances(table(errors, values))
    assert time.perf_counter() - started < 2.0


def test_too_few_networks_are_said():
    assert (fewest(), fewest(0.5), fewest(0.3)) == (50, 10, 17)
    told = r"the best 10 % of 49 finished networks are too few .* train at least 50 networks"
    with pytest.raises(UserError, match=told):
        importances(table(np.arange(49.0), {"x": np.arange(49.0)}))
    with pytest.raises(UserError, match="top 10 must lie between 0 and 1"):
        importances(table(np.arange(50.0), {"x": np.arange(50.0)}), top=10)
