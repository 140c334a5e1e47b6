"""What every strategy keeps to, on every kind of domain."""

from functools import cache

import numpy as np
import pytest

from netspace.errors import SpecError
from netspace.search.domain import Domain
from netspace.search.objective import Accuracy, Objective, Pareto, Reward
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategies import STRATEGIES, search
from netspace.search.strategy import Candidate, Search
from netspace.search.table_domain import TableDomain
from tests.search.domains import HIGH, LOW, SPACES, TABLES, domain, errors

REPEATABLE = ("random", "evolution")
"""Those that draw on nothing but what was told: rebuilt, they ask what they would have asked."""

REFUSING = ("cmaes",)
"""Those that need an order of the values."""

each_strategy = pytest.mark.parametrize("name", STRATEGIES)
each_domain = pytest.mark.parametrize("where", [*TABLES, *SPACES])
each_table = pytest.mark.parametrize("where", TABLES)


def begun(
    name: str, where: str, *, seed: int = 0, past: int = 0, objective: Objective | None = None
) -> Search:
    """A search, told of so many candidates drawn at random; skips what is rightly refused."""
    chosen = domain(where)
    try:
        found = search(STRATEGIES[name], chosen, objective or Accuracy(), seed=seed)
    except SpecError as refusal:
        check_refusal(name, chosen, objective or Accuracy(), str(refusal))
        pytest.skip(str(refusal))
    for one in drawn(where, past):
        found.restore(one.number, one.genes, one.costs)
    tell(found, drawn(where, past))
    return found


def check_refusal(name: str, chosen: Domain, objective: Objective, said: str) -> None:
    names = {slot.name for slot in chosen.slots if not slot.ordered}
    names |= {objective.kind} if isinstance(objective, Pareto) else set()
    assert name in REFUSING
    assert "\n" not in said
    assert any(unordered in said for unordered in names)


@cache
def drawn(where: str, count: int) -> tuple[Candidate, ...]:
    """The past of a search: candidates drawn at random."""
    if not count:
        return ()
    return search(STRATEGIES["random"], domain(where), Accuracy(), seed=99).ask(count)


def tell(one: Search, asked: tuple[Candidate, ...], *, broken: int = 0) -> None:
    """The errors of these candidates; of every `broken`th the training failed."""
    for candidate in asked:
        error = errors(one.domain, candidate.genes[np.newaxis])[0]
        failed = broken and candidate.number % broken == 0
        one.tell(candidate.number, np.nan if failed else float(error))


def keys(chosen: Domain, asked: tuple[Candidate, ...]) -> list[bytes]:
    return chosen.judge(np.stack([one.genes for one in asked])).keys


def check_allowed(chosen: Domain, asked: tuple[Candidate, ...]) -> None:
    genes = np.stack([one.genes for one in asked])
    judged = chosen.judge(genes)
    assert judged.allowed.all()
    for name, values in judged.costs.items():
        np.testing.assert_array_equal(values, [one.costs[name] for one in asked])
    if not isinstance(chosen, SpaceDomain):
        return
    for one in asked:
        member = chosen.member(one.genes)
        assert chosen.space.contains(member.parameters)
        assert LOW <= member.complexity.flops == one.costs["flops"] <= HIGH


def same(some: tuple[Candidate, ...], others: tuple[Candidate, ...]) -> bool:
    return [one.genes.tolist() for one in some] == [one.genes.tolist() for one in others]


@each_strategy
@each_domain
def test_candidates_are_new_and_keep_to_all_limits_though_trainings_fail(name, where):
    past = 25 if where in TABLES else 60
    one = begun(name, where, past=past)
    known = set(keys(one.domain, drawn(where, past)))
    for size in (1, 3, 7, 2):
        asked = one.ask(size)
        assert len(asked) == size
        check_allowed(one.domain, asked)
        found = set(keys(one.domain, asked))
        assert len(found) == size
        assert not found & known
        known |= found
        tell(one, asked, broken=3)
    assert [candidate.number for candidate in asked] == [past + 11, past + 12]


@each_strategy
@each_domain
def test_a_search_asks_though_nothing_was_told(name, where):
    one = begun(name, where)
    asked = one.ask(5) + one.ask() + one.ask(9)
    assert len(asked) == len(set(keys(one.domain, asked))) == 15
    check_allowed(one.domain, asked)


@each_strategy
@each_domain
def test_a_search_asks_though_all_trainings_failed(name, where):
    one = begun(name, where)
    asked = one.ask(12)
    tell(one, asked, broken=1)
    assert not np.isfinite(one.history.fitness).any()
    more = one.ask(4)
    assert len(set(keys(one.domain, asked + more))) == 16


@each_strategy
@each_table
@pytest.mark.parametrize("size", [1, 8])
def test_a_table_is_tried_to_its_last_row_and_no_further(name, where, size):
    one = begun(name, where)
    chosen = one.domain
    assert isinstance(chosen, TableDomain)
    tried: list[int] = []
    while asked := one.ask(size):
        assert len(asked) == min(size, len(chosen.allowed_rows) - len(tried))
        tried += chosen.rows(np.stack([candidate.genes for candidate in asked])).tolist()
        tell(one, asked)
    assert sorted(tried) == chosen.allowed_rows.tolist()
    assert one.ask(3) == ()


@each_strategy
@each_domain
def test_the_seed_decides(name, where):
    past = 20 if where in TABLES else 60
    first, again, other = (begun(name, where, seed=seed, past=past) for seed in (5, 5, 6))
    asked = [one.ask(6) for one in (first, again, other)]
    for one, found in zip((first, again, other), asked, strict=True):
        tell(one, found)
    more = [one.ask(4) for one in (first, again, other)]
    assert same(asked[0] + more[0], asked[1] + more[1])
    if name != "surrogate" or where not in TABLES:  # it compares all that a tiny table has left
        assert not same(asked[0] + more[0], asked[2] + more[2])


@each_strategy
@each_domain
def test_a_rebuilt_search_goes_on(name, where):
    past = 20 if where in TABLES else 60
    one = begun(name, where, past=past)
    asked = one.ask(5)
    tell(one, asked, broken=4)
    waiting = one.ask(3)
    rebuilt = begun(name, where, past=past)
    for candidate in asked + waiting:
        rebuilt.restore(candidate.number, candidate.genes, candidate.costs)
    tell(rebuilt, asked, broken=4)
    more = rebuilt.ask(6)
    check_allowed(rebuilt.domain, more)
    assert not set(keys(one.domain, asked + waiting)) & set(keys(one.domain, more))
    assert [candidate.number for candidate in more] == list(range(past + 8, past + 14))
    if name in REPEATABLE:
        assert same(more, one.ask(6))


@each_strategy
@pytest.mark.parametrize(
    "objective",
    [Reward(target=2e7), Reward(target=2e7, form="hard"), Pareto(costs=("flops", "params"))],
    ids=("soft", "hard", "pareto"),
)
def test_every_objective_is_searched(name, objective):
    one = begun(name, "ordered", past=20, objective=objective)
    asked = one.ask(4) + one.ask(4)
    check_allowed(one.domain, asked)
    assert len(set(keys(one.domain, asked))) == 8
