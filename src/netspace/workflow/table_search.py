"""A strategy at work on a table of trained networks instead of on training: over in seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from netspace.analyse.best_of import best_of
from netspace.config import Budget
from netspace.errors import UserError
from netspace.present.table_search_text import TableSearched
from netspace.search.domain import Domain, Genes
from netspace.search.fitted import fit_table
from netspace.search.objective import Accuracy, Objective
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategies import Strategy, search
from netspace.search.table_domain import TableDomain
from netspace.spaces.families import space
from netspace.spaces.ranges import Floats
from netspace.workflow.compare import side

Estimate = Callable[[Genes], Floats]
"""Errors in percent, (N,), of candidates, (N, slots); NaN where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWish:
    """What is searched: the rows of DIR[:SPACE]; or with `fitted` a space, by an estimate.

    unordered: parameters of the table whose values are names. seeds: how many searches.
    """

    table: str
    strategy: Strategy
    objective: Objective = field(default_factory=Accuracy)
    budget: Budget = field(default_factory=Budget)
    networks: int = 200
    seeds: int = 20
    seed: int = 0
    fitted: bool = False
    space: str | None = None
    resolution: int = 224
    unordered: tuple[str, ...] = ()


def search_table(wish: TableWish) -> TableSearched:
    """Search a table many times over. Raises UserError for what does not fit."""
    if wish.fitted != (wish.space is not None):
        raise UserError("--fitted estimates networks of a space: give both, or neither")
    domain, estimate, checked = _fitted(wish) if wish.fitted else _table(wish)
    rows = [_one(wish, domain, estimate, wish.seed + number) for number in range(wish.seeds)]
    fitness = np.stack([found for found, _, _ in rows])
    best = max(range(wish.seeds), key=lambda row: np.nanmax(fitness[row], initial=-np.inf))
    _, errors, genes = rows[best]
    place = int(np.nanargmax(fitness[best]))
    return TableSearched(
        strategy=wish.strategy.kind,
        objective=wish.objective.sentence,
        fitness=fitness,
        random=_random(wish, domain, fitness.shape[1]),
        checked=checked,
        log10_size=domain.log10_size,
        best_error=float(errors[place]),
        best_parameters={
            name: tuple(values[0].tolist())
            for name, values in domain.parameters(genes[place : place + 1]).items()
        },
    )


def _table(wish: TableWish) -> tuple[Domain, Estimate, str]:
    found = side(wish.table)
    if found.trains:
        raise UserError(
            f"{wish.table} trains its networks and is no imported table; search with --data"
        )
    bounds = wish.budget.bounds
    domain = TableDomain(found.table, bounds, unordered=wish.unordered)
    rows = len(domain.allowed_rows)
    return domain, domain.errors, f"errors as the table has them, {rows:,} networks to choose from"


def _fitted(wish: TableWish) -> tuple[Domain, Estimate, str]:
    assert wish.space is not None
    estimate = fit_table(side(wish.table).table, seed=wish.seed)
    domain = SpaceDomain(space(wish.space, resolution=wish.resolution), wish.budget.bounds)
    estimate.errors(domain.parameters(domain.draw(1, np.random.default_rng(0))))  # do they fit?
    return domain, lambda genes: estimate.errors(domain.parameters(genes)), estimate.checked


def _one(
    wish: TableWish, domain: Domain, estimate: Estimate, seed: int
) -> tuple[Floats, Floats, Genes]:
    """Fitness and errors in the order asked for, (networks,), and the candidates' genes."""
    one = search(wish.strategy, domain, wish.objective, seed=seed)
    errors, genes, costs = [], [], dict[str, list[float]]()
    for _ in range(wish.networks):
        for asked in one.ask():
            error = float(estimate(asked.genes[np.newaxis])[0])
            one.tell(asked.number, error)
            errors.append(error)
            genes.append(asked.genes)
            for name, cost in asked.costs.items():
                costs.setdefault(name, []).append(cost)
    known = np.array(errors)
    columns = {name: np.array(values) for name, values in costs.items()}
    return wish.objective.preference(known, columns), known, np.stack(genes)


def _random(wish: TableWish, domain: Domain, networks: int) -> Floats:
    """What so many random rows of the whole table would give, (networks,); none of a space."""
    if not isinstance(domain, TableDomain):
        return np.empty(0)
    every = domain.genes_of(domain.allowed_rows)
    judged = domain.judge(every)
    fitness = wish.objective.preference(domain.errors(every), judged.costs)
    ascending = np.sort(-fitness[np.isfinite(fitness)])
    return np.array([-best_of(ascending, k) for k in range(1, networks + 1)])
