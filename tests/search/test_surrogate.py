import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.search.domain import Domain, Genes, Slot
from netspace.search.evolution import Drawing
from netspace.search.gaussian import JITTER, Kernel, Posterior, encoded, fitted
from netspace.search.history import History
from netspace.search.objective import Accuracy
from netspace.search.strategy import Proposer, Search
from netspace.search.surrogate import Modelling, Surrogate
from netspace.search.table_domain import TableDomain
from netspace.spaces.ranges import Floats
from tests.analyse.tables import table
from tests.search.domains import SPACES, TABLES, Grid, domain, errors, seeds, slots

SIX = tuple(Slot(name=f"p{i}", place=0, values=(0.0, 1.0, 2.0), ordered=False) for i in range(6))


def history(where: Domain, count: int, *, seed: int = 0, waiting: int = 0) -> History:
    """Different candidates drawn at random, with their errors."""
    genes = np.unique(where.draw(8192, np.random.default_rng(seed)), axis=0)
    genes = genes[where.judge(genes).allowed]
    genes = np.random.default_rng(seed).permutation(genes)[: count + waiting]
    found = errors(where, genes[:count])
    return History(
        genes=genes[:count],
        errors=found,
        costs={},
        fitness=1 - found / 100,
        waiting=genes[count:],
    )


def proposed(where: Domain, known: History, count: int = 1, *, seed: int = 0) -> Genes:
    return Modelling(Surrogate(), where).propose(known, count, np.random.default_rng(seed))


@pytest.mark.parametrize("where", [*TABLES, *SPACES])
def test_proposals_are_new_and_allowed(where: str) -> None:
    known = history(domain(where), 20, waiting=5)
    found = proposed(domain(where), known, 4)
    assert len(found) >= 4
    assert domain(where).judge(found).allowed.all()
    rows = {tuple(row) for row in found.tolist()}
    assert len(rows) == len(found)
    assert not rows & {tuple(row) for row in [*known.genes.tolist(), *known.waiting.tolist()]}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_draws_until_there_are_results(count: int) -> None:
    known = history(domain("ordered"), count, waiting=3)
    assert not len(proposed(domain("ordered"), known))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_results_and_many_waiting(count: int) -> None:
    known = history(Grid(SIX), count, waiting=30)
    assert bool(len(proposed(Grid(SIX), known))) == (count == 2)


def test_draws_while_all_results_are_equal() -> None:
    known = history(Grid(SIX), 20)
    known.fitness[:] = 0.5
    assert not len(proposed(Grid(SIX), known))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("place", [3, 20])
@pytest.mark.parametrize("other", [0.1, 0.9])
def test_learns_where_all_results_but_one_are_equal(place: int, other: float, seed: int) -> None:
    # The kernel was fitted when there were 20 results.
    known = history(Grid(SIX), 21)
    known.fitness[:] = 0.5
    known.fitness[place] = other
    assert len(proposed(Grid(SIX), known, seed=seed))


def test_nothing_is_left_of_a_domain_that_is_all_known() -> None:
    two = Grid(SIX[:2])
    assert not len(Modelling(Surrogate(first=2), two).propose(history(two, 9), 1, _chance()))


def _chance() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("where", TABLES)
def test_failed_trainings_are_no_results(where: str) -> None:
    known = history(domain(where), 30)
    known.fitness[::3] = np.nan
    assert np.isfinite(known.fitness).any()
    found = proposed(domain(where), known)
    assert len(found)
    taken = {tuple(row) for row in known.genes.tolist()}
    assert not taken & {tuple(row) for row in found.tolist()}


@settings(max_examples=8)
@given(own=slots(), seed=seeds, count=st.integers(20, 40))
def test_a_new_proposer_proposes_what_the_old_one_does(
    own: tuple[Slot, ...], seed: int, count: int
) -> None:
    where = Grid(own)
    known = history(where, count, seed=seed)
    old = Modelling(Surrogate(), where)
    for told in range(0, len(known), 5):
        old.propose(known.rows(slice(told)), 1, np.random.default_rng(told))
    again = old.propose(known, 2, np.random.default_rng(seed))
    assert np.array_equal(again, proposed(where, known, 2, seed=seed))


WIDTHS = tuple(
    Slot(name="width", place=place, values=tuple(float(8 * value) for value in range(1, 201)))
    for place in range(4)
)


def test_batches_are_more_spread_out_than_the_best_of_a_ranking() -> None:
    batches, rankings = 0.0, 0.0
    for seed in range(6):
        known = history(Grid(WIDTHS), 30, seed=seed)
        batch, ranking = (proposed(Grid(WIDTHS), known, count, seed=seed)[:8] for count in (8, 1))
        assert np.array_equal(batch[0], ranking[0])
        batches, rankings = batches + _spread(batch), rankings + _spread(ranking)
    assert batches > 1.2 * rankings


def test_keeps_away_from_what_is_in_training() -> None:
    known = history(Grid(WIDTHS), 30)
    first = proposed(Grid(WIDTHS), known)[:1]
    second = proposed(Grid(WIDTHS), replace(known, waiting=first))[:1]
    plain = proposed(Grid(WIDTHS), known)[1:2]
    assert abs(second - first).max() > abs(plain - first).max()


def _spread(genes: Genes) -> float:
    """The mean over pairs of the largest difference in any slot."""
    return float(np.abs(genes[:, np.newaxis] - genes).max(axis=2).mean())


@settings(max_examples=30)
@given(own=slots(), seed=seeds)
def test_points_are_at_most_one_apart_in_each_slot(own: tuple[Slot, ...], seed: int) -> None:
    genes = Grid(own).draw(12, np.random.default_rng(seed))
    points, owners = encoded(own, genes)
    for number, slot in enumerate(own):
        within = points[:, owners == number]
        squares = ((within[:, np.newaxis] - within) ** 2).sum(axis=2)
        steps = genes[:, np.newaxis, number] - genes[:, number]
        if slot.ordered:
            expected = (steps / max(1, len(slot.values) - 1)) ** 2
        else:
            expected = (steps != 0).astype(float)
        assert squares == pytest.approx(expected)


def test_the_kernel_says_which_slot_counts() -> None:
    genes = Grid(SIX).draw(80, np.random.default_rng(1))
    targets = 1.0 * (genes[:, 2] == 1) - 0.5 * (genes[:, 2] == 2)
    points, owners = encoded(SIX, genes)
    kernel = fitted(points, owners, (targets - targets.mean()) / targets.std())
    assert set(owners[np.argsort(-kernel.scales)[:3]]) == {2}
    assert kernel.noise < 0.01


def test_the_posterior_is_that_of_the_textbook() -> None:
    """Rasmussen & Williams 2006, eq. 2.25 and 2.26, by plain inversion."""
    random = np.random.default_rng(2)
    told, unknown, wanted = (random.random((n, 3)) for n in (9, 2, 5))
    results = random.standard_normal(9)
    kernel = Kernel(scales=np.array([1.0, 0.5, 2.0]), noise=0.05)
    found = Posterior(kernel, np.concatenate([told, unknown]), results, wanted)
    within = np.linalg.inv(kernel.between(told, told) + (0.05 + JITTER) * np.eye(9))
    variance = float(results @ within @ results) / 9
    assert found.mean == pytest.approx(kernel.between(wanted, told) @ within @ results)
    places = np.concatenate([told, unknown])
    assert found.deviation == pytest.approx(_deviation(kernel, places, wanted, variance))
    found.believe(3)
    places = np.concatenate([places, wanted[3:4]])
    assert found.deviation == pytest.approx(_deviation(kernel, places, wanted, variance))


def _deviation(kernel: Kernel, places: Floats, wanted: Floats, variance: float) -> Floats:
    noise = kernel.noise + JITTER
    inverse = np.linalg.inv(kernel.between(places, places) + noise * np.eye(len(places)))
    across = kernel.between(wanted, places)
    explained = (across @ inverse * across).sum(axis=1)
    return np.asarray(np.sqrt(variance * (1 - explained)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"first": 1}, "first 1"), ({"parents": 0}, "parents 0"), ({"candidates": 7}, "candidates 7")],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        Surrogate(**settings)


def macro(shared: Path) -> TableDomain:
    """NAS-Bench-Macro (Su et al. 2021): 6,561 networks of eight choices of three."""
    with (shared / "facts/nas_bench_macro.csv").open() as file:
        rows = list(csv.DictReader(file))
    return TableDomain(
        table(
            [100 - float(row["mean_acc"]) for row in rows],
            {"op": [[int(choice) for choice in row["arch"]] for row in rows]},
        ),
        unordered=("op",),
    )


def best(where: TableDomain, proposer: Proposer, *, seed: int, count: int) -> float:
    """The lowest error of so many, in percent."""
    search, found = Search(proposer, where, Accuracy(), seed=seed), []
    for _ in range(count):
        (asked,) = search.ask()
        found.append(float(where.errors(asked.genes[np.newaxis])[0]))
        search.tell(asked.number, found[-1])
    return min(found)


def test_beats_random_draws_on_a_published_table(shared: Path) -> None:
    where = macro(shared)
    ours = [best(where, Modelling(Surrogate(), where), seed=s, count=40) for s in range(4)]
    random = [best(where, Drawing(), seed=s, count=400) for s in range(4)]
    assert np.mean(ours) < np.mean(random)
