"""A strategy at work on a table of trained networks instead of on training: over in seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from netspace.analyse.best_of import best_of
from netspace.config import Budget
from netspace.errors import UnknownNameError, UserError
from netspace.present.table_search_text import TableSearched
from netspace.present.wording import counted
from netspace.search.domain import Domain, Genes, Judged
from netspace.search.fitted import Span, fit_table
from netspace.search.objective import Accuracy, Cost, Objective, Pareto
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategies import Strategy, search
from netspace.search.table_domain import TableDomain
from netspace.spaces.constraints import Bound
from netspace.spaces.families import space
from netspace.spaces.ranges import Floats
from netspace.spaces.space import Space
from netspace.table import TrialTable
from netspace.workflow.compare import side

NO_LATENCY = "a search on a table measures no latency; weigh flops, params or activations"

DRAWN = 2_000
"""Random draws of a space from which the best of k is told, at least."""

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
    if isinstance(wish.objective, Pareto):
        raise UserError(
            "searches on a table are compared by one figure, which pareto has not; choose "
            "--objective accuracy, soft or hard"
        )
    domain, estimate, checked = _fitted(wish) if wish.fitted else _table(wish)
    rows = [_one(wish, domain, estimate, wish.seed + number) for number in range(wish.seeds)]
    shortest = min(len(found) for found, _, _ in rows)  # a small space may have no more
    fitness = np.stack([found[:shortest] for found, _, _ in rows])
    best = max(range(wish.seeds), key=lambda row: np.nanmax(fitness[row], initial=-np.inf))
    _, errors, genes = rows[best]
    place = int(np.nanargmax(fitness[best]))
    return TableSearched(
        strategy=wish.strategy.kind,
        objective=wish.objective.sentence,
        fitness=fitness,
        random=_random(wish, domain, estimate, fitness.shape[1]),
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
    for name in wish.unordered:
        if name not in found.table.parameters:
            raise UnknownNameError.of("parameter of the table:", name, found.table.parameters)
    for cost in wish.objective.costs:
        _require_cost(found.table, cost)
    bounds = wish.budget.bounds
    domain = TableDomain(found.table, bounds, unordered=wish.unordered)
    rows = len(domain.allowed_rows)
    return domain, domain.errors, f"errors as the table has them, {rows:,} networks to choose from"


def _require_cost(table: TrialTable, cost: Cost) -> None:
    if cost == "latency_ms":
        raise UserError(NO_LATENCY)
    unknown = int(np.isnan(getattr(table, cost)).sum())
    if unknown:
        raise UserError(
            f"the table tells no {cost} of {counted(unknown, 'row')}; import it with "
            f"--{cost} COLUMN, or weigh another cost"
        )


def _fitted(wish: TableWish) -> tuple[Domain, Estimate, str]:
    assert wish.space is not None
    if "latency_ms" in wish.objective.costs:
        raise UserError(NO_LATENCY)
    whole = space(wish.space, resolution=wish.resolution)
    estimate = fit_table(side(wish.table).table, seed=wish.seed)
    domain = TrainedPart(whole, wish.budget.bounds, estimate.spans)
    checked = f"{estimate.checked}; networks keep to the parameter values that it spans"
    return domain, lambda genes: estimate.errors(domain.parameters(genes)), checked


class TrainedPart(SpaceDomain):
    """The networks of a space whose parameters lie within what a table tells of."""

    def __init__(self, space: Space, bounds: Sequence[Bound], spans: Sequence[Span]):
        super().__init__(space, bounds)
        self._spans = spans

    def judge(self, genes: Genes) -> Judged:
        """As of the space, and which lie outside of the table."""
        columns, found = self.parameters(genes), super().judge(genes)
        inside = [
            ((columns[one.name] >= one.low) & (columns[one.name] <= one.high)).all(axis=1)
            for one in self._spans
            if one.name in columns and columns[one.name].shape[1] == one.size
        ]
        return replace(found, allowed=np.logical_and.reduce([found.allowed, *inside]))


def _one(
    wish: TableWish, domain: Domain, estimate: Estimate, seed: int
) -> tuple[Floats, Floats, Genes]:
    """Fitness and errors in the order asked for, (networks,), and the candidates' genes."""
    one = search(wish.strategy, domain, wish.objective, seed=seed)
    errors, genes, costs = list[float](), list[Genes](), dict[str, list[float]]()
    while len(errors) < wish.networks and (answer := one.ask()):
        for asked in answer:
            error = float(estimate(asked.genes[np.newaxis])[0])
            one.tell(asked.number, error)
            errors.append(error)
            genes.append(asked.genes)
            for name, cost in asked.costs.items():
                costs.setdefault(name, []).append(cost)
    known = np.array(errors)
    columns = {name: np.array(values) for name, values in costs.items()}
    return wish.objective.preference(known, columns), known, np.stack(genes)


def _random(wish: TableWish, domain: Domain, estimate: Estimate, networks: int) -> Floats:
    """What the best of so many random draws has on average, (networks,).

    Exactly over all rows of a table; of a space over some thousand draws.
    """
    if isinstance(domain, TableDomain):
        every = domain.genes_of(domain.allowed_rows)
    else:
        every = _draws(domain, max(DRAWN, 4 * networks), wish.seed)
    fitness = wish.objective.preference(estimate(every), domain.judge(every).costs)
    ascending = np.sort(-fitness[np.isfinite(fitness)])
    return np.array([-best_of(ascending, k) for k in range(1, networks + 1)])


def _draws(domain: Domain, count: int, seed: int) -> Genes:
    """So many allowed draws, the same network perhaps more than once."""
    chance = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    found: list[Genes] = []
    while sum(map(len, found)) < count:
        genes = domain.draw(count, chance)
        found.append(genes[domain.judge(genes).allowed])
    return np.concatenate(found)[:count]
