"""The RL controller: what it learns from tables."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.search.controller import (
    MOST,
    ROWS,
    Controller,
    Controlling,
    _groups,
    _one_of,
)
from netspace.search.evolution import Drawing
from netspace.search.history import History
from netspace.search.objective import Accuracy, Objective, Reward
from netspace.search.policy import Policy
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategy import Search
from netspace.search.table_domain import TableDomain
from netspace.spaces.constraints import Bound
from netspace.spaces.families import space
from netspace.table import TrialTable

SIZES = (4, 4, 4, 4, 4)
TARGET = np.array([2, 0, 3, 1, 2])


def listed(sizes=SIZES, target=TARGET, failed=None) -> TrialTable:
    """Every combination; the error counts the values that differ from the target's."""
    genes = np.array(list(product(*map(range, sizes))), dtype=float)
    errors = 10.0 + 5 * (genes != target[: len(sizes)]).sum(axis=1)
    costs = 1e6 * (1 + genes.sum(axis=1))
    return TrialTable(
        index=np.arange(len(genes)),
        errors=errors,
        flops=costs,
        params=costs,
        activations=costs,
        parameters={"op": genes},
    )


TABLE = TableDomain(listed(), unordered=("op",))


def searched(
    proposer,
    domain=TABLE,
    *,
    number,
    seed=0,
    objective: Objective | None = None,
    together=1,
    told=None,
) -> tuple[Search, list[float]]:
    """A search at its end, and the errors in the order told."""
    search = Search(proposer, domain, objective or Accuracy(), seed=seed)
    errors: list[float] = []
    while len(errors) < number:
        for candidate in search.ask(min(together, number - len(errors))):
            error = float(domain.errors(candidate.genes[np.newaxis])[0])
            error = error if told is None else told(candidate.genes, error)
            errors.append(error)
            search.tell(candidate.number, error)
    return search, errors


def policy_after(history: History, proposer: Controlling) -> Policy:
    proposer.propose(history, 1, np.random.default_rng(0))
    return proposer.policy


def history(genes, errors, fitness=None) -> History:
    errors = np.asarray(errors, dtype=float)
    return History(
        genes=np.asarray(genes),
        errors=errors,
        costs={},
        fitness=1 - errors / 100 if fitness is None else fitness,
        waiting=np.zeros((0, np.shape(genes)[1]), dtype=np.int64),
    )


def drawn(number: int, seed: int = 0) -> History:
    genes = TABLE.draw(number, np.random.default_rng(seed))
    return history(genes, TABLE.errors(genes))


@given(st.integers(1, 3000))
def test_a_group_holds_neighbours_and_each_value_is_in_one(count):
    values, counts = np.arange(count)[:, np.newaxis], np.array([count])
    groups = _groups(values, counts)
    assert set(np.diff(groups[:, 0]).tolist()) <= {0, 1}
    assert groups[-1] + 1 == min(count, MOST)
    chosen = _one_of(groups, counts, np.random.default_rng(0))
    np.testing.assert_array_equal(_groups(chosen, counts), groups)
    if count <= MOST:
        np.testing.assert_array_equal(chosen, values)


def test_finds_the_target_of_a_table_sooner_than_chance():
    taken, by_chance = [], []
    for seed in range(3):
        for proposer, found in (
            (Controlling(Controller(), TABLE, seed=seed), taken),
            (Drawing(), by_chance),
        ):
            _, errors = searched(proposer, number=300, seed=seed)
            found.append(errors.index(10.0) if 10.0 in errors else 300)
    assert max(taken) < 300
    assert np.mean(taken) < np.mean(by_chance) / 2


def test_settles_on_the_target():
    proposer = Controlling(Controller(), TABLE)
    search, _ = searched(proposer, number=300)
    policy = policy_after(search.history, proposer)
    likely = [slot.argmax() for slot in policy.probabilities(TARGET[np.newaxis])]
    assert likely == TARGET.tolist()


def test_a_policy_that_has_settled_proposes_others_after_what_it_is_sure_of():
    proposer = Controlling(Controller(learning_rate=0.1), TABLE)
    for _ in range(20):
        proposer.policy.imitate(np.tile(TARGET, (8, 1)))
    proposed = proposer.propose(drawn(0), 1, np.random.default_rng(0))
    assert (proposed[:ROWS] == TARGET).all(axis=1).mean() > 0.9
    assert len(np.unique(proposed[ROWS:], axis=0)) > 10


def test_comes_to_every_candidate_in_the_end():
    small = TableDomain(listed((3, 3, 3)), unordered=("op",))
    search, _ = searched(Controlling(Controller(learning_rate=0.1), small), small, number=27)
    assert len(search.history) == 27
    assert search.ask() == ()


def test_the_same_seed_and_answers_give_the_same_questions():
    first, again, other = (
        searched(Controlling(Controller(), TABLE, seed=seed), number=60, seed=seed)[0].history.genes
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("number", [60, 64])
def test_a_history_told_at_once_teaches_what_it_taught_bit_by_bit(number):
    told, stepwise = drawn(number), Controlling(Controller(), TABLE, seed=5)
    for upto in range(number + 1):
        policy_after(told.rows(slice(0, upto)), stepwise)
    at_once = Controlling(Controller(), TABLE, seed=5)
    expected = policy_after(told, at_once).weights
    assert (expected != Controlling(Controller(), TABLE, seed=5).policy.weights).any()
    np.testing.assert_array_equal(stepwise.policy.weights, expected)
    np.testing.assert_array_equal(
        stepwise.propose(told, 2, np.random.default_rng(1)),
        at_once.propose(told, 2, np.random.default_rng(1)),
    )


def test_a_rebuilt_search_asks_the_same():
    search, errors = searched(Controlling(Controller(), TABLE, seed=1), number=47, seed=1)
    rebuilt = Search(Controlling(Controller(), TABLE, seed=1), TABLE, Accuracy(), seed=1)
    for number, (genes, error) in enumerate(zip(search.history.genes, errors, strict=True)):
        rebuilt.restore(number, genes, {})
        rebuilt.tell(number, error)
    for old, new in zip(search.ask(4), rebuilt.ask(4), strict=True):
        np.testing.assert_array_equal(old.genes, new.genes)


def test_starts_over_where_the_errors_of_other_epochs_are_compared():
    told, changed = drawn(50), drawn(50)
    changed = history(changed.genes[3:33], changed.errors[3:33] - 1)
    follower = Controlling(Controller(), TABLE)
    policy_after(told, follower)
    for later in (changed, told.rows(slice(0, 15)), history(told.genes, told.errors + 1)):
        fresh = policy_after(later, Controlling(Controller(), TABLE)).weights
        np.testing.assert_array_equal(policy_after(later, follower).weights, fresh)


def test_reads_a_fitness_once():
    told, follower = drawn(40), Controlling(Controller(), TABLE)
    expected = policy_after(told, follower).weights.copy()
    scaled = history(told.genes, told.errors, fitness=-told.fitness)
    np.testing.assert_array_equal(policy_after(scaled, follower).weights, expected)


def test_turns_away_from_trainings_that_fail():
    def told(genes, error):
        return np.nan if genes[0] == TARGET[0] else error

    proposer = Controlling(Controller(), TABLE)
    search, _ = searched(proposer, number=200, told=told)
    policy = policy_after(search.history, proposer)
    assert policy.probabilities(TARGET[np.newaxis])[0][0, TARGET[0]] < 0.05


def test_learns_nothing_where_all_failed():
    told = drawn(20)
    failed = history(told.genes, np.full(20, np.nan))
    proposer = Controlling(Controller(entropy=0.0), TABLE)
    before = proposer.policy.weights.copy()
    np.testing.assert_array_equal(policy_after(failed, proposer).weights, before)


def test_learns_nothing_where_all_are_alike():
    told = drawn(20)
    proposer = Controlling(Controller(entropy=0.0), TABLE)
    before = proposer.policy.weights.copy()
    alike = history(told.genes, np.full(20, 30.0))
    np.testing.assert_array_equal(policy_after(alike, proposer).weights, before)


def test_works_beside_slots_of_a_single_value():
    domain = TableDomain(listed((1, 4, 1, 4, 1), np.array([0, 3, 0, 1, 0])), unordered=("op",))
    _, errors = searched(Controlling(Controller(batch=2), domain), domain, number=16)
    assert min(errors) == 10.0


def test_works_towards_a_reward():
    cheap = Reward(target=4e6, form="hard")
    table, chance = listed(), np.random.default_rng(0)
    rewards = cheap.fitness(table.errors, {"flops": table.flops}, chance)
    search, _ = searched(Controlling(Controller(), TABLE), number=150, objective=cheap)
    found = search.history.fitness
    assert found.max() == rewards.max()
    assert found[50:100].mean() > np.mean(rewards) + 2 * np.std(rewards) / 50**0.5


@pytest.mark.parametrize("together", [1, 7, 40])
def test_any_number_may_be_asked_at_once(together):
    search, _ = searched(Controlling(Controller(), TABLE), number=80, together=together)
    assert len({tuple(genes) for genes in search.history.genes.tolist()}) == 80


def test_writes_networks_within_a_narrow_budget():
    narrow = (Bound(quantity="flops", low=5e6, high=6e6),)
    domain = SpaceDomain(space("anynetx_a", resolution=32, classes=10), narrow)
    chance = np.random.default_rng(0)
    sizes = [len(slot.values) for slot in domain.slots]
    uniform = np.stack([chance.integers(size, size=2000) for size in sizes], axis=1)
    policy = Controlling(Controller(), domain).policy
    written = np.concatenate([policy.write(np.ones(ROWS), chance) for _ in range(60)])
    share = domain.judge(written).allowed.mean()
    assert share > 0.02
    assert share > 10 * domain.judge(uniform).allowed.mean()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch", 0),
        ("updates", 0),
        ("hidden", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("inf")),
        ("clip", 0.0),
        ("clip", 1.0),
        ("entropy", -0.1),
        ("entropy", float("nan")),
    ],
)
def test_refuses_settings_out_of_range(field, value):
    with pytest.raises(SpecError, match=field):
        Controller(**{field: value})


def test_needs_no_torch():
    code = "import sys, netspace.search.controller; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
