"""Small domains that tests search, and made-up errors on them."""

from collections.abc import Mapping
from functools import cache
from itertools import product

import numpy as np
from hypothesis import strategies as st

from netspace.search.domain import Chance, Domain, Genes, Judged, Slot
from netspace.search.space_domain import SpaceDomain
from netspace.search.table_domain import TableDomain
from netspace.spaces import families
from netspace.spaces.constraints import Bound
from netspace.spaces.ranges import Floats
from netspace.table import TrialTable
from tests.analyse.tables import table

LOW, HIGH = 4e6, 6e6
"""The flops that searched networks of a space may have."""


class Grid:
    """Every combination of the slots' values."""

    def __init__(self, slots: tuple[Slot, ...]):
        self.slots = slots

    @property
    def log10_size(self) -> float:
        return float(np.log10([len(slot.values) for slot in self.slots]).sum())

    def draw(self, count: int, chance: Chance) -> Genes:
        return chance.integers([len(slot.values) for slot in self.slots], size=(count, len(self)))

    def __len__(self) -> int:
        return len(self.slots)

    def judge(self, genes: Genes) -> Judged:
        allowed = np.ones(len(genes), np.bool_)
        return Judged(allowed=allowed, costs={}, keys=[row.tobytes() for row in genes])

    def parameters(self, genes: Genes) -> dict[str, Floats]:
        raise NotImplementedError

    def genes(self, parameters: Mapping[str, Floats]) -> Genes:
        raise NotImplementedError


@st.composite
def slots(draw: st.DrawFn) -> tuple[Slot, ...]:
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=6))
    return tuple(
        Slot(
            name=f"p{place}",
            place=0,
            values=tuple(float(3 * value) for value in range(size)),
            ordered=draw(st.booleans()),
        )
        for place, size in enumerate(sizes)
    )


seeds = st.integers(0, 2**32 - 1)


@st.composite
def tables(draw: st.DrawFn) -> TrialTable:
    """Distinct rows of two parameters, one of them with two columns."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, 4), st.integers(-3, 3), st.sampled_from((0.25, 1.0, 1.5))),
            min_size=1,
            max_size=30,
            unique=True,
        )
    )
    values = np.array(rows, dtype=np.float64)
    errors = np.arange(len(rows), dtype=np.float64)
    return table(errors, {"depth": values[:, :2], "ratio": values[:, 2]}, flops=1 + errors)


@cache
def tiny_table() -> TrialTable:
    """55 of 60 combinations, 4 of them without an error."""
    rows = np.array(list(product((1, 2, 4, 8), (3, 5, 7), range(5))), dtype=np.float64)
    rows = np.delete(rows, (3, 17, 18, 40, 59), axis=0)
    errors = 20 + (np.log2(rows[:, 0]) - 2) ** 2 + abs(rows[:, 1] - 5) + 0.7 * rows[:, 2]
    errors[[0, 9, 21, 30]] = np.nan
    return table(
        errors,
        {"depth": rows[:, 0], "kernel": rows[:, 1], "width": rows[:, 2]},
        flops=1e6 * rows.prod(axis=1) + 1e6,
        params=1e3 * rows.sum(axis=1),
    )


@cache
def domain(name: str) -> Domain:
    """`ordered` or `categories` (the tiny table), or a space of small images within a budget."""
    match name:
        case "ordered":
            return TableDomain(tiny_table())
        case "categories":
            return TableDomain(tiny_table(), unordered=("kernel", "width"))
        case _:
            small = families.space(name, resolution=32, classes=10)
            return SpaceDomain(small, [Bound(quantity="flops", low=LOW, high=HIGH)])


TABLES = ("ordered", "categories")
SPACES = tuple(n for n in ("efficientnet", "regnetx", "anynetx_e") if n in families.NAMES)


def errors(chosen: Domain, genes: Genes) -> Floats:
    """The table's errors; for spaces made-up ones, in percent, lowest near the middle."""
    if isinstance(chosen, TableDomain):
        return chosen.errors(genes)
    most = np.array([max(1, len(slot.values) - 1) for slot in chosen.slots])
    return 30 + 40 * ((genes / most - 0.45) ** 2).mean(axis=1)
