import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import InfeasibleError, SpecError, UnknownNameError
from netspace.search.domain import Slot
from netspace.search.evolution import Evolution
from netspace.search.objective import Accuracy, Reward
from netspace.search.strategies import search, strategy
from netspace.search.strategy import Search
from tests.search.domains import Grid, domain


class Told:
    """A proposer that wants what it was made with, and keeps what it was shown."""

    def __init__(self, *wanted):
        self.wanted = np.array(wanted, dtype=np.int64).reshape(-1, 2)
        self.shown, self.chances = [], []

    def propose(self, known, count, chance):
        self.shown.append((known, count))
        self.chances.append(chance.random())
        return self.wanted


GRID = Grid(tuple(Slot(name=name, place=0, values=(0, 1, 2, 3)) for name in ("a", "b")))


def asking(*wanted, seed: int = 0) -> tuple[Search, Told]:
    proposer = Told(*wanted)
    return Search(proposer, GRID, Accuracy(), seed=seed), proposer


def rows(asked):
    return [tuple(one.genes.tolist()) for one in asked]


def test_proposals_come_in_order_of_preference_and_draws_fill_up():
    one, _ = asking((3, 3), (0, 1), (3, 3), (2, 2))
    asked = one.ask(2)
    assert rows(asked) == [(3, 3), (0, 1)]
    asked = one.ask(3)
    assert rows(asked)[0] == (2, 2)
    assert [candidate.origin for candidate in asked] == ["proposed", "drawn", "drawn"]
    assert [candidate.number for candidate in asked] == [2, 3, 4]


def test_everything_is_asked_for_once():
    one, _ = asking((0, 0), (1, 1))
    asked = one.ask(100)
    assert sorted(rows(asked)) == [(a, b) for a in range(4) for b in range(4)]
    assert one.ask(1) == one.ask(5) == ()


def test_what_is_withdrawn_is_not_asked_for_again_and_leaves_its_number():
    one, proposer = asking((3, 3), (0, 1))
    (first,) = one.ask()
    one.withdraw(first.number)
    (second,) = one.ask()
    assert (second.number, rows([second])) == (0, [(0, 1)])
    assert len(proposer.shown[1][0].waiting) == 0
    assert proposer.chances[0] != proposer.chances[1]
    assert (3, 3) not in rows(one.ask(100))
    one.tell(0, 10.0)
    assert one.history.genes.tolist() == [[0, 1]]


def test_what_was_drawn_in_advance_is_not_asked_for_after_it_was_proposed():
    one, proposer = asking()
    first = one.ask()
    proposer.wanted = np.array([(a, b) for a in range(4) for b in range(4)])
    others = one.ask(15)
    proposer.wanted = proposer.wanted[:0]
    assert len(set(rows(first + others))) == 16
    assert one.ask() == ()


def test_every_proposal_has_chances_of_its_own():
    some, others = asking(), asking()
    for one, _ in (some, others):
        for _ in range(4):
            one.ask(2)
    assert len(set(some[1].chances)) == 4
    assert some[1].chances == others[1].chances


class Forbidden(Grid):
    def judge(self, genes):
        found = super().judge(genes)
        return type(found)(
            allowed=np.zeros(len(genes), np.bool_), costs=found.costs, keys=found.keys
        )


def test_a_domain_that_allows_nothing_is_infeasible():
    one = Search(Told((1, 1)), Forbidden(GRID.slots), Accuracy(), seed=0)
    with pytest.raises(InfeasibleError, match="no candidate within the limits"):
        one.ask()


def test_what_is_in_training_waits():
    one, proposer = asking()
    asked = one.ask(3)
    one.tell(asked[1].number, 40.0)
    one.ask(1)
    known, count = proposer.shown[-1]
    assert count == 1
    assert [tuple(row) for row in known.genes.tolist()] == rows(asked[1:2])
    assert [tuple(row) for row in known.waiting.tolist()] == rows([asked[0], asked[2]])
    assert known.fitness.tolist() == [0.6]


def test_the_order_is_that_of_the_results():
    one, _ = asking()
    asked = one.ask(3)
    for number, error in ((2, 30.0), (0, 10.0), (1, 20.0)):
        one.tell(number, error)
    assert one.history.errors.tolist() == [10, 20, 30]
    best = [tuple(row) for row in one.history.best(2).tolist()]
    assert best == rows([asked[0], asked[1]])


def test_failures_are_known_and_never_the_best():
    one, _ = asking()
    one.ask(2)
    one.tell(0, np.nan)
    one.tell(1, 50.0)
    assert len(one.history) == 2
    assert len(one.history.finished) == 1
    assert len(one.history.waiting) == 0
    np.testing.assert_array_equal(one.history.errors, [np.nan, 50])


def test_no_network_is_forgotten_where_others_train_longer():
    one, _ = asking()
    one.ask(12)
    for number in range(12):
        one.tell(number, 60.0 + number, epochs=1)
    for number in range(4):
        one.tell(number, 40.0 + number, epochs=3)
    expected = [40.0 + number if number < 4 else 60.0 + number for number in range(12)]
    assert one.history.errors.tolist() == expected
    assert len(one.history.waiting) == 0
    assert one.fitness(3) == pytest.approx({n: 0.6 - n / 100 for n in range(4)})


@given(st.permutations(range(12)))
def test_history_is_in_the_order_asked_however_it_was_told(order):
    """Live, results come as workers end; a resumed search is told by number: both know the same."""
    one, _ = asking()
    one.ask(12)
    for number in order:
        one.tell(number, float(number), epochs=1)
    for number in range(12):
        one.tell(number, float(number), epochs=2)
    assert one.history.errors.tolist() == [float(number) for number in range(12)]


def test_measured_costs_are_weighed():
    objective = Reward(target=5, cost="latency_ms", w=-1)
    one = Search(Told(), GRID, objective, seed=0)
    one.ask(2)
    for number, latency in ((0, 5.0), (1, 10.0)):
        one.measured(number, latency_ms=latency)
        one.tell(number, 20.0)
    np.testing.assert_allclose(one.history.fitness, [0.8, 0.4])


def test_unknown_strategies_are_named():
    with pytest.raises(UnknownNameError, match="did you mean 'evolution'"):
        strategy("evolutoin")


@pytest.mark.parametrize(("population", "sample"), [(10, 11), (10, 0), (0, 0)])
def test_tournaments_are_drawn_from_the_population(population, sample):
    with pytest.raises(SpecError, match=f"sample {sample} must be at least 1"):
        Evolution(population=population, sample=sample)


def test_evolution_changes_the_fittest_of_the_youngest():
    one = search(Evolution(population=4, sample=4), domain("ordered"), Accuracy(), seed=0)
    asked = one.ask(5)
    for candidate, error in zip(asked, (1.0, 90.0, 80.0, 50.0, 60.0), strict=True):
        one.tell(candidate.number, error)
    children = one.ask(3)
    assert {candidate.origin for candidate in children} == {"proposed"}
    for child in children:
        assert np.count_nonzero(child.genes != asked[3].genes) == 1
