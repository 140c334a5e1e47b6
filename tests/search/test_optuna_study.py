"""A search as a study of Optuna."""

import sys
import warnings
from contextlib import suppress

import numpy as np
import optuna
import pytest

from netspace.errors import UserError
from netspace.search.history import History
from netspace.search.objective import Accuracy, Objective, Pareto, Reward
from netspace.search.optuna_study import distributions_of, quiet, to_study
from netspace.search.table_domain import TableDomain
from netspace.table import TrialTable

ROWS = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)
TABLE = TrialTable(
    index=np.arange(len(ROWS)),
    errors=20.0 + ((ROWS - 1) ** 2).sum(axis=1) + ROWS[:, 0] / 10,
    flops=1e6 + ROWS.sum(axis=1) * 1e5,
    params=np.full(len(ROWS), np.nan),
    activations=np.full(len(ROWS), np.nan),
    parameters={"op": ROWS * 2.0 + 1},
)
DOMAIN = TableDomain(TABLE, unordered=("op",))
FAILED = [4, 9]


def history(count: int, objective: Objective = Accuracy()) -> History:  # noqa: B008
    """What a search was told of so many candidates; some trainings failed."""
    chance = np.random.default_rng(0)
    genes = chance.permutation(DOMAIN.genes({"op": TABLE.parameters["op"]}))[:count]
    errors = DOMAIN.errors(genes)
    errors[[row for row in FAILED if row < count]] = np.nan
    costs = DOMAIN.judge(genes).costs
    fitness = objective.fitness(errors, costs, chance) if count else np.zeros(0)
    return History(genes=genes, errors=errors, costs=costs, fitness=fitness, waiting=genes[:0])


def test_trials_have_what_the_search_was_told():
    objective = Reward(target=1e6)
    known = history(12, objective)
    study = to_study(DOMAIN, known, objective)
    assert study.user_attrs["objective"] == objective.sentence
    assert len(study.trials) == 12
    assert [trial.number for trial in study.trials if trial.state.name == "FAIL"] == FAILED
    assert study.best_value == np.nanmax(known.fitness)
    best = study.best_trial
    gene = known.genes[best.number]
    assert list(best.params.values()) == gene.tolist()
    assert best.user_attrs["error"] == known.errors[best.number]
    assert best.user_attrs["flops"] == known.costs["flops"][best.number]
    assert best.user_attrs["op[1]"] == DOMAIN.slots[1].values[gene[1]]


def test_what_is_unknown_is_left_out():
    trial = to_study(DOMAIN, history(12), Accuracy()).trials[FAILED[0]]
    assert "flops" in trial.user_attrs
    assert not {"error", "params", "activations"} & set(trial.user_attrs)


def test_a_front_becomes_the_study_s_front():
    known = history(20, Pareto())
    study = to_study(DOMAIN, known, Pareto())
    found = {trial.number for trial in study.best_trials}
    values = np.stack([known.errors, known.costs["flops"]], axis=1)
    front = {
        row
        for row, one in enumerate(values)
        if np.isfinite(one).all()
        and not ((values <= one).all(axis=1) & (values < one).any(axis=1)).any()
    }
    assert found == front


def test_nothing_told_is_a_study_without_trials():
    assert not to_study(DOMAIN, history(0), Pareto()).trials


def test_a_study_can_be_copied_into_a_database(tmp_path):
    study = to_study(DOMAIN, history(8), Accuracy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = optuna.create_study(storage=f"sqlite:///{tmp_path}/study.db", direction="maximize")
    kept.add_trials(study.trials)
    assert kept.best_params == study.best_params


def test_values_are_in_order_where_the_slot_has_one():
    named = distributions_of(DOMAIN.slots)
    ordered = distributions_of(TableDomain(TABLE).slots)
    assert list(named) == list(ordered) == ["op[0]", "op[1]", "op[2]"]
    assert named["op[0]"] == optuna.distributions.CategoricalDistribution((0, 1, 2))
    assert ordered["op[0]"] == optuna.distributions.IntDistribution(0, 2)


def test_the_level_of_optunas_news_comes_back_after_an_error():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        with suppress(KeyError), quiet():
            assert optuna.logging.get_verbosity() == optuna.logging.WARNING
            raise KeyError
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match="needs optuna"):
        to_study(DOMAIN, history(0), Accuracy())
