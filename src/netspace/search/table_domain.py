"""The rows of a table of trained networks, as strategies choose from them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from netspace.errors import InfeasibleError, SpecError
from netspace.search.domain import (
    COSTS,
    Chance,
    Genes,
    Judged,
    Slot,
    chosen_genes,
    parameter_values,
)
from netspace.spaces.constraints import Bound
from netspace.spaces.ranges import Floats
from netspace.table import TrialTable

SHOWN = 5
"""Missing entries that an error lists."""


class TableDomain:
    """Rows with an error, within bounds on what the table tells of their cost.

    unordered: parameters whose values are names rather than amounts. Raises SpecError where two
    rows have the same parameters, and InfeasibleError where no row keeps to the bounds.
    """

    def __init__(
        self, table: TrialTable, bounds: Sequence[Bound] = (), *, unordered: Sequence[str] = ()
    ):
        self._table = table
        known = {n: v for n, v in table.parameters.items() if np.isfinite(v).all()}
        if not known:
            raise SpecError("the table has no parameter that every row tells; import some columns")
        self._slots = tuple(
            Slot(
                name=name,
                place=place,
                values=tuple(np.unique(column).tolist()),
                ordered=name not in unordered,
            )
            for name, values in known.items()
            for place, column in enumerate(values.T)
        )
        self._radix = np.cumprod([1.0, *(len(slot.values) for slot in self._slots[:-1])])
        if self._radix[-1] * len(self._slots[-1].values) >= 2**53:
            raise SpecError("the table's parameters have too many combinations; import fewer")
        codes = self._codes(self.genes(known))
        self._order = np.argsort(codes)
        self._sorted = codes[self._order]
        if (np.diff(self._sorted) == 0).any():
            raise SpecError(
                "two rows of the table have the same parameters; import the columns that differ"
            )
        self._allowed = self._within(bounds)

    def _within(self, bounds: Sequence[Bound]) -> NDArray[np.bool_]:
        allowed = self._table.finished.copy()
        for bound in bounds:
            if bound.quantity not in COSTS:
                raise SpecError(f"a table tells no {bound.quantity}; give flops or params")
            values: Floats = getattr(self._table, bound.quantity)
            if not np.isfinite(values).all():
                raise SpecError(
                    f"the table tells no {bound.quantity} of {int(np.isnan(values).sum())} rows; "
                    f"import it with --{bound.quantity} COLUMN"
                )
            low = -np.inf if bound.low is None else bound.low
            high = np.inf if bound.high is None else bound.high
            allowed &= (values >= low) & (values <= high)
        if not allowed.any():
            wanted = ", ".join(bound.sentence for bound in bounds) or "an error"
            raise InfeasibleError(f"no row of the table has {wanted}; widen the range")
        return allowed

    @property
    def slots(self) -> tuple[Slot, ...]:
        """A slot for every column of every parameter."""
        return self._slots

    @property
    def log10_size(self) -> float:
        """log10 of the number of rows."""
        return float(np.log10(len(self._table)))

    @property
    def allowed_rows(self) -> NDArray[np.int64]:
        """Numbers of the rows that may be chosen."""
        return np.flatnonzero(self._allowed)

    def draw(self, count: int, chance: Chance) -> Genes:
        """Rows at random, all equally likely."""
        rows = self.allowed_rows
        return self.genes_of(rows[chance.integers(len(rows), size=count)])

    def judge(self, genes: Genes) -> Judged:
        """Which are rows within the bounds, and what the table says of their cost."""
        rows = self.rows(genes)
        there = rows >= 0
        costs = {}
        for name in COSTS:
            values: Floats = getattr(self._table, name)
            if np.isfinite(values).any():
                costs[name] = np.where(there, values[rows], np.nan)
        codes = self._codes(genes)
        return Judged(
            allowed=there & self._allowed[rows], costs=costs, keys=[c.tobytes() for c in codes]
        )

    def rows(self, genes: Genes) -> NDArray[np.int64]:
        """The numbers of the table's rows, (N,); -1 where it has none."""
        codes = self._codes(genes)
        places = np.minimum(np.searchsorted(self._sorted, codes), len(self._sorted) - 1)
        return np.where(self._sorted[places] == codes, self._order[places], -1)

    def errors(self, genes: Genes) -> Floats:
        """What the table says, in percent, (N,).

        Raises SpecError, listing them, where candidates are not in the table.
        """
        rows = self.rows(genes)
        if (rows < 0).any():
            raise SpecError(missing(self._slots, genes[rows < 0]))
        return self._table.errors[rows]

    def parameters(self, genes: Genes) -> dict[str, Floats]:
        """Parameter values by name, (N, size)."""
        return parameter_values(self._slots, genes)

    def genes(self, parameters: Mapping[str, Floats]) -> Genes:
        """The candidates with these parameter values, (N, size) by name."""
        return chosen_genes(self._slots, parameters)

    def genes_of(self, rows: NDArray[np.int64]) -> Genes:
        """The candidates of these rows."""
        return self.genes({name: self._table.parameters[name][rows] for name in self._names})

    @property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(slot.name for slot in self._slots))

    def _codes(self, genes: Genes) -> Floats:
        return np.asarray(genes @ self._radix)


def missing(slots: Sequence[Slot], genes: Genes) -> str:
    """What to say of candidates that a table lacks: how many, and the first of them."""
    shown = [
        " ".join(f"{s.name}={s.values[v]:g}" for s, v in zip(slots, row, strict=True))
        for row in genes[:SHOWN].tolist()
    ]
    more = f" and {len(genes) - SHOWN} more" if len(genes) > SHOWN else ""
    return f"the table has no entry for {'; '.join(shown)}{more}: add these rows, or choose others"
