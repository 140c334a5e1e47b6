"""An estimate of error from parameters, fitted to a table of trained networks.

Gradient boosting over the parameters as numbers. How well it ranks networks that it was not fitted
to is measured by cross-validation, and kept with it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netspace.errors import SpecError
from netspace.spaces.ranges import Floats
from netspace.table import TrialTable

FEWEST = 50
"""Rows below which nothing is fitted: ten are held out at a time, and rank little."""

FOLDS = 5

SETTINGS = {"max_iter": 900, "learning_rate": 0.08, "max_leaf_nodes": 5, "early_stopping": False}
"""Many small trees: on the table of Accel-NASBench tau 0.917, with 300 trees of 8 leaves 0.910."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A parameter of the table: its number of columns, and the lowest and highest value in each."""

    name: str
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.low)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedTable:
    """Gradient boosting fitted to all rows of a table, and how it did on rows held out.

    rows: with an error. tau: Kendall's tau-b of errors and estimates of held-out rows, the mean of
    the folds; low, high: its 95 % interval over rows. off: mean absolute difference of the two, in
    points. seconds: to fit and check.
    """

    spans: tuple[Span, ...]
    rows: int
    tau: float
    low: float
    high: float
    off: float
    seconds: float
    model: Any = field(repr=False)

    def errors(self, columns: Mapping[str, Floats]) -> Floats:
        """Estimated errors in percent, (N,); columns: (N, size) by name.

        Raises SpecError, listing names, where parameters differ from the table's or lie outside
        what it tells of.
        """
        self._check(columns)
        stacked = np.hstack([columns[span.name] for span in self.spans])
        return np.asarray(self.model.predict(stacked)) if len(stacked) else np.zeros(0)

    def _check(self, columns: Mapping[str, Floats]) -> None:
        known = {span.name: span for span in self.spans}
        if missing := [name for name in known if name not in columns]:
            raise SpecError(
                f"the estimate needs {_listed(missing)}, which the space lacks; "
                "name its parameters as the table does"
            )
        if unknown := [name for name in columns if name not in known]:
            raise SpecError(
                f"the table tells nothing of {_listed(unknown)}; fix them and leave them out, or "
                "import the columns"
            )
        for name, span in known.items():
            _check_values(span, columns[name])

    @property
    def checked(self) -> str:
        """What the estimate costs and how it was checked, as a sentence."""
        return (
            f"gradient boosting fitted to {self.rows:,} trained networks in {self.seconds:.1f} s; "
            f"on networks held out ({FOLDS} folds) Kendall's tau of estimates and errors is "
            f"{self.tau:.3f} ({self.low:.3f} to {self.high:.3f}), and they lie {self.off:.2g} "
            "points apart on average"
        )


def fit_table(table: TrialTable, *, seed: int = 0) -> FittedTable:
    """Fit the errors of a table's finished rows by the parameters that all of them tell.

    seed: which rows are held out together. Raises SpecError where there is too little to fit.
    """
    start = time.perf_counter()
    table = table.rows(table.finished)
    known = {name: v for name, v in table.parameters.items() if np.isfinite(v).all()}
    _check_table(table, known)
    values = np.hstack(list(known.values()))
    estimates, taus, weights = _held_out(values, table.errors, seed)
    tau, half = float(taus.mean()), _half_width(weights)
    model = _fitted(values, table.errors)
    return FittedTable(
        spans=tuple(_span(name, column) for name, column in known.items()),
        rows=len(table),
        tau=tau,
        low=max(-1.0, tau - half),
        high=min(1.0, tau + half),
        off=float(np.abs(estimates - table.errors).mean()),
        seconds=time.perf_counter() - start,
        model=model,
    )


def _check_table(table: TrialTable, known: Mapping[str, Floats]) -> None:
    if len(table) < FEWEST:
        raise SpecError(
            f"the table has {len(table)} rows with an error, too few to fit an estimate to; "
            f"give at least {FEWEST}"
        )
    if not known:
        raise SpecError("the table has no parameter that every row tells; import some columns")
    if np.ptp(table.errors) == 0:
        raise SpecError(
            f"all rows of the table have the error {table.errors[0]:g} %, which ranks none; "
            "import another column"
        )


def _span(name: str, values: Floats) -> Span:
    low, high = values.min(axis=0), values.max(axis=0)
    return Span(name=name, low=tuple(low.tolist()), high=tuple(high.tolist()))


def _check_values(span: Span, values: Floats) -> None:
    if values.shape[1:] != (span.size,):
        raise SpecError(
            f"{span.name}: the table has {span.size} columns of it, the candidates "
            f"{values.shape[1]}; use a space with as many stages"
        )
    outside = ~((values >= np.array(span.low)) & (values <= np.array(span.high)))
    if outside.any():
        row, place = np.argwhere(outside)[0].tolist()
        raise SpecError(
            f"{span.name}[{place}]: {values[row, place]:g} lies outside the table's "
            f"{span.low[place]:g}..{span.high[place]:g}; narrow the space to what was trained"
        )


def _fitted(values: Floats, errors: Floats) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor  # takes a while to import

    return HistGradientBoostingRegressor(**SETTINGS, random_state=0).fit(values, errors)


def _held_out(values: Floats, errors: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    """Estimates of every row by a model without it, the taus of the folds, and rows' shares.

    A row's share (N,) is what its pairs add to tau; their mean in a fold is the fold's tau.
    """
    order = np.random.default_rng(seed).permutation(len(errors))
    estimates, shares, taus = np.empty(len(errors)), np.empty(len(errors)), np.empty(FOLDS)
    for fold, rows in enumerate(np.array_split(order, FOLDS)):
        others = np.setdiff1d(order, rows)
        estimates[rows] = _fitted(values[others], errors[others]).predict(values[rows])
        shares[rows] = _shares(estimates[rows], errors[rows])
        taus[fold] = shares[rows].mean()
    return estimates, taus, shares


def _shares(estimates: Floats, errors: Floats) -> Floats:
    """What each row's pairs add to tau-b, (N,); 0 where either side ranks none."""
    agreeing, pairs_a, pairs_b = np.zeros((3, len(errors)))
    for row in range(len(errors)):
        a, b = np.sign(estimates - estimates[row]), np.sign(errors - errors[row])
        agreeing[row], pairs_a[row], pairs_b[row] = a @ b, a @ a, b @ b
    scale = np.sqrt(pairs_a.mean() * pairs_b.mean())
    return np.asarray(agreeing / scale) if scale > 0 else agreeing


def _half_width(shares: Floats) -> float:
    """Of the 95 % interval of tau: twice the mean of the shares varies, as of a U-statistic."""
    return float(1.96 * 2 * shares.std(ddof=1) / np.sqrt(len(shares)))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
