"""Published tables of trained networks that searches are replayed on, and what others found there.

Three hold a whole space, so that the best network is known and regret can be told. The fourth holds
a sample of a large space; an estimate fitted to it stands in for training.
"""

import csv
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from _shared import SHARED
from netspace.search.domain import Chance, Domain, Genes, Slot
from netspace.search.fitted import FittedTable, fit_table
from netspace.search.space_domain import SpaceDomain
from netspace.search.table_domain import TableDomain
from netspace.spaces.constraints import Bound
from netspace.spaces.families import space
from netspace.spaces.ranges import Floats
from netspace.spaces.space import Space
from netspace.table import TrialTable

MACRO = "nas_bench_macro.csv"
CELLS = "nas_bench_201_12epoch.csv.gz"
ACCEL = "accel_nasbench.csv"

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
STAGES = range(7)


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """Mean regrets in points after so many networks, measured elsewhere.

    evolution: of a population of 50, samples of 10 and one mutation, which may repeat networks.
    """

    random: Mapping[int, float]
    evolution: Mapping[int, float]


YARDSTICKS = {
    "macro": Yardstick(
        random={100: 0.258, 200: 0.187, 500: 0.105}, evolution={100: 0.083, 200: 0.011, 500: 0.0}
    ),
    "cifar10": Yardstick(
        random={100: 1.171, 200: 0.883, 500: 0.588}, evolution={100: 0.524, 200: 0.156, 500: 0.069}
    ),
    "cifar100": Yardstick(random={100: 2.351, 200: 1.633}, evolution={100: 0.904, 200: 0.145}),
    "imagenet16": Yardstick(random={100: 2.802, 200: 2.196}, evolution={100: 1.439, 200: 0.499}),
}

FILES = {"macro": MACRO, "cifar10": CELLS, "cifar100": CELLS, "imagenet16": CELLS, "accel": ACCEL}
"""The tables by name, and the files that they are read from."""

TABLES = tuple(FILES)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a search chooses from, and what stands in for training: errors in percent by genes.

    best: the lowest error there is; 0 where nobody knows it. every: all errors; empty likewise.
    """

    name: str
    domain: Domain
    errors: Callable[[Genes], Floats]
    best: float = 0.0
    every: Floats = field(default_factory=lambda: np.empty(0))
    notes: tuple[str, ...] = ()


@cache
def setting(name: str) -> Setting:
    """The table of this name, ready to be searched."""
    match name:
        case "macro":
            return _whole(name, macro())
        case "accel":
            return _estimated()
        case _:
            return _whole(name, cells(f"{name}_valid"))


def missing(names: tuple[str, ...]) -> list[Path]:
    """The files of these tables that are not there."""
    paths = dict.fromkeys(SHARED / "facts" / FILES[name] for name in names)
    return [path for path in paths if not path.is_file()]


def expected_regret(errors: Floats, count: int) -> float:
    """Expected regret of the best of so many different rows drawn at random, in points."""
    gaps, rows = np.diff(np.sort(errors)), np.arange(len(errors), 1, -1)
    # Chance that the best i rows are all left out, i = 1, 2 …: (N-n)/N x (N-1-n)/(N-1) x …
    return float(np.cumprod(np.maximum(0.0, 1 - count / rows)) @ gaps)


def macro() -> TrialTable:
    """NAS-Bench-Macro: eight layers of three kinds, mean accuracy of three trainings."""
    rows = _rows(MACRO)
    return _table(
        accuracies=[float(row["mean_acc"]) for row in rows],
        parameters={"layer": np.array([[float(kind) for kind in row["arch"]] for row in rows])},
        flops=[float(row["flops"]) for row in rows],
        params=[float(row["params"]) for row in rows],
    )


def cells(column: str) -> TrialTable:
    """NAS-Bench-201 after 12 epochs: six edges of five operations."""
    rows = _rows(CELLS)
    texts = [row["arch_str"].replace("+", "").strip("|").split("|") for row in rows]
    edges = [[edge.split("~")[0] for edge in text if edge] for text in texts]
    numbers = [[float(OPERATIONS.index(edge)) for edge in cell] for cell in edges]
    return _table(
        accuracies=[float(row[column]) for row in rows], parameters={"edge": np.array(numbers)}
    )


def accel() -> TrialTable:
    """Accel-NASBench: expansion, kernel, depth and squeeze of seven stages, ImageNet top-1."""
    rows = _rows(ACCEL)
    letters = {"expansion": "e", "kernel": "k", "depth": "l", "se_ratio": "se"}
    columns = {
        name: np.array([[float(row[f"block{i}_{letter}"]) for i in STAGES] for row in rows])
        for name, letter in letters.items()
    }
    columns["se_ratio"] *= 0.25
    return _table(accuracies=[float(row["val_top1"]) for row in rows], parameters=columns)


def fitted() -> FittedTable:
    """The estimate fitted to Accel-NASBench."""
    return fit_table(accel())


def _whole(name: str, table: TrialTable) -> Setting:
    domain = TableDomain(table, unordered=tuple(table.parameters))
    return Setting(
        name=name,
        domain=domain,
        errors=domain.errors,
        best=float(table.errors.min()),
        every=table.errors,
    )


class TrainedGrid(SpaceDomain):
    """All combinations of the values that a table of a space's networks has, equally likely."""

    def __init__(self, whole: Space, table: TrialTable, bounds: Sequence[Bound] = ()):
        self._table = table
        super().__init__(whole, bounds)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The space's, with the values that stand in the table."""
        known = self._table.parameters
        return tuple(
            replace(slot, values=tuple(np.unique(known[slot.name][:, slot.place]).tolist()))
            for slot in super().slots
        )

    @property
    def log10_size(self) -> float:
        """log10 of the number of combinations."""
        return float(np.log10([len(slot.values) for slot in self.slots]).sum())

    def draw(self, count: int, chance: Chance) -> Genes:
        """Every slot by itself."""
        sizes = [len(slot.values) for slot in self.slots]
        return chance.integers(sizes, size=(count, len(sizes)))


def _estimated() -> Setting:
    """The grid of Accel-NASBench's parameters up to the median flops of its networks."""
    table, estimate = accel(), fitted()
    whole = space("efficientnet", resolution=224)
    grid = TrainedGrid(whole, table)
    counted = grid.judge(grid.genes(table.parameters))
    assert counted.allowed.all()
    median = float(np.median(counted.costs["flops"]))
    domain = TrainedGrid(whole, table, [Bound(quantity="flops", high=median)])
    return Setting(
        name="accel",
        domain=domain,
        errors=lambda genes: estimate.errors(domain.parameters(genes)),
        notes=(
            f"the errors are estimates: {estimate.checked}",
            f"at most {median / 1e6:.1f}M flops, the median of the table, in a grid of "
            f"10^{domain.log10_size:.1f} networks",
        ),
    )


def _rows(name: str) -> list[dict[str, str]]:
    path = SHARED / "facts" / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return list(csv.DictReader(lines))


def _table(
    *,
    accuracies: list[float],
    parameters: Mapping[str, Floats],
    flops: list[float] | None = None,
    params: list[float] | None = None,
) -> TrialTable:
    unknown = np.full(len(accuracies), np.nan)
    return TrialTable(
        index=np.arange(len(accuracies)),
        errors=100.0 - np.array(accuracies),
        flops=unknown if flops is None else np.array(flops),
        params=unknown if params is None else np.array(params),
        activations=unknown,
        parameters=parameters,
    )
