import csv
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from netspace.errors import SpecError
from netspace.search.fitted import FEWEST, _half_width, _shares, fit_table
from tests.analyse.tables import table
from tests.search.domains import seeds


@cache
def made_up(rows: int = 200, noise: float = 0.3):
    chance = np.random.default_rng(1)
    kernel = chance.choice([3, 5, 7], (rows, 2)).astype(float)
    depth = chance.integers(1, 5, rows).astype(float)
    errors = 40 - 3 * depth + 0.5 * kernel.sum(axis=1) + chance.normal(0, noise, rows)
    return table(errors, {"kernel": kernel, "depth": depth})


@cache
def estimate():
    return fit_table(made_up())


def test_accel_nasbench_is_ranked_as_gradient_boosting_is_known_to(shared):
    """Known: tau .918 on held-out rows, extra trees .78."""
    path = shared / "facts" / "accel_nasbench.csv"
    with path.open() as lines:
        rows = list(csv.DictReader(lines))
    columns = {
        letter: [[float(row[f"block{i}_{letter}"]) for i in range(7)] for row in rows]
        for letter in ("e", "k", "l", "se")
    }
    found = fit_table(table([100 - float(row["val_top1"]) for row in rows], columns), seed=0)
    assert found.rows == 5138
    assert found.low > 0.91
    assert found.tau == pytest.approx(0.917, abs=0.003)
    assert found.high - found.low < 0.01


def test_the_check_is_made_on_rows_held_out():
    """Errors that are noise are fitted closely and ranked not at all."""
    chance = np.random.default_rng(0)
    columns = chance.random((300, 3))
    found = fit_table(table(50 + chance.normal(size=300), {"a": columns}))
    fitted = found.errors({"a": columns})
    assert found.low < 0 < found.high
    assert abs(found.tau) < 0.15
    assert found.off > 0.7
    assert abs(fitted - fitted.mean()).max() > 1


def test_estimates_follow_the_table():
    rows = made_up()
    found = estimate()
    assert found.tau > 0.8
    np.testing.assert_allclose(found.errors(rows.parameters), rows.errors, atol=1.5)
    assert found.errors({name: v[:0] for name, v in rows.parameters.items()}).shape == (0,)


def test_the_sentence_says_what_it_costs_and_how_it_was_checked():
    found = replace(
        estimate(), rows=5138, seconds=3.21, tau=0.91704, low=0.9145, high=0.9195, off=0.3
    )
    assert found.checked == (
        "gradient boosting fitted to 5,138 trained networks in 3.2 s; on networks held out "
        "(5 folds) Kendall's tau of estimates and errors is 0.917 (0.914 to 0.919), and they lie "
        "0.3 points apart on average"
    )


def test_the_same_seed_gives_the_same_estimate():
    rows = made_up().rows(slice(80))
    one, again, other = (fit_table(rows, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.errors(rows.parameters), again.errors(rows.parameters))
    assert (one.tau, one.low, one.high, one.off) == (again.tau, again.low, again.high, again.off)
    assert one.tau != other.tau


def test_failed_trainings_are_left_out():
    rows = made_up()
    broken = replace(rows, errors=np.where(np.arange(len(rows)) % 2 == 0, np.nan, rows.errors))
    found = fit_table(broken)
    assert found.rows == 100
    assert np.isfinite(found.tau)


@pytest.mark.parametrize("rows", [0, 1, FEWEST - 1])
def test_too_few_rows_are_refused(rows):
    with pytest.raises(SpecError, match=f"the table has {rows} rows with an error, too few"):
        fit_table(made_up().rows(slice(rows)))


def test_a_few_rows_are_enough():
    assert -1 <= fit_table(made_up().rows(slice(FEWEST))).low <= 1


def test_tables_that_rank_none_are_refused():
    with pytest.raises(SpecError, match="all rows of the table have the error 30 %"):
        fit_table(replace(made_up(), errors=np.full(200, 30.0)))


def test_tables_without_parameters_are_refused():
    with pytest.raises(SpecError, match="no parameter that every row tells"):
        fit_table(replace(made_up(), parameters={}))


def test_missing_and_unknown_parameters_are_listed():
    rows, found = made_up(), estimate()
    with pytest.raises(SpecError, match="the estimate needs kernel, depth, which the space lacks"):
        found.errors({})
    with pytest.raises(SpecError, match="needs depth, which the space lacks"):
        found.errors({"kernel": rows.parameters["kernel"]})
    with pytest.raises(SpecError, match="tells nothing of width, se_ratio"):
        found.errors({**rows.parameters, "width": np.ones((200, 1)), "se_ratio": np.ones((200, 1))})


def test_parameters_that_some_row_lacks_are_not_fitted():
    rows = made_up().rows(slice(FEWEST))
    holes = np.where(np.arange(FEWEST) == 7, np.nan, 1.0)[:, np.newaxis]
    found = fit_table(replace(rows, parameters={**rows.parameters, "width": holes}))
    assert [span.name for span in found.spans] == ["kernel", "depth"]


@pytest.mark.parametrize("value", [2, 9, np.nan])
def test_values_that_were_never_trained_are_refused(value):
    kernel = np.full((3, 2), 5.0)
    kernel[1, 1] = value
    columns = {"kernel": kernel, "depth": np.ones((3, 1))}
    with pytest.raises(SpecError, match=r"kernel\[1\]: .* lies outside the table's 3..7"):
        estimate().errors(columns)


def test_other_numbers_of_stages_are_refused():
    columns = {"kernel": np.full((3, 4), 5.0), "depth": np.ones((3, 1))}
    with pytest.raises(SpecError, match="kernel: the table has 2 columns of it, the candidates 4"):
        estimate().errors(columns)


@settings(max_examples=40)
@given(seeds, st.integers(2, 60), st.integers(2, 12))
def test_shares_add_up_to_tau(seed, rows, levels):
    chance = np.random.default_rng(seed)
    estimates, errors = chance.integers(0, levels, (2, rows)).astype(float)
    expected = kendalltau(estimates, errors).statistic
    found = _shares(estimates, errors).mean()
    assert found == pytest.approx(0 if np.isnan(expected) else expected, abs=1e-9)


def test_intervals_cover_the_tau_of_normal_errors():
    """Of a correlation r, tau is 2/pi arcsin r (Kendall 1949)."""
    chance, right = np.random.default_rng(0), 0
    for _ in range(300):
        estimates = chance.normal(size=100)
        shares = _shares(estimates, 0.8 * estimates + 0.6 * chance.normal(size=100))
        right += abs(shares.mean() - 2 / np.pi * np.arcsin(0.8)) <= _half_width(shares)
    assert 0.91 <= right / 300 <= 0.98
