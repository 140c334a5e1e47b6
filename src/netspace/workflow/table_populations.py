"""The populations in a table of results: errors, costs, parameters and spaces by column."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netspace.errors import DataError, UserError
from netspace.present.wording import counted
from netspace.table import Floats, TrialTable
from netspace.workflow.table_file import TableFile, read_table_file
from netspace.workflow.table_parameters import (
    Parameters,
    chosen,
    likely_parameters,
    named_parameters,
)

COSTS = ("flops", "params", "activations")
COST_UNITS = {"K": 1e3, "M": 1e6, "G": 1e9}
ERROR_UNITS = {"share": 100.0}

SUSPICIOUSLY_SMALL = 10_000
"""No network costs so little: a column all below it is likely in millions or billions."""

LARGEST_INTEGER = 2.0**63
"""What the store cannot hold any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Which columns hold what, as the user of `import` names them.

    error, accuracy: one of them, in percent, or of 1 as in 'top1:share'. Costs may have a unit, as
    in 'macs:M'. space: splits the rows. parameters, without: names or patterns like 'a,b_*'.
    """

    error: str | None = None
    accuracy: str | None = None
    flops: str | None = None
    params: str | None = None
    activations: str | None = None
    space: str | None = None
    name: str | None = None
    parameters: str | None = None
    without: str | None = None

    def __post_init__(self) -> None:
        if (self.error is None) == (self.accuracy is None):
            raise UserError("give one of --error COLUMN and --accuracy COLUMN, in percent")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Populations:
    """The tables of a file by space, what each row is called, and what there is to say.

    left_out: column to the reason. origin: where the errors come from, as plain values.
    """

    tables: Mapping[str, TrialTable]
    names: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    origin: Mapping[str, object]


def read_populations(path: Path, request: ImportRequest) -> Populations:
    """The populations in a file. Raises DataError or UnknownNameError, in one line."""
    file = read_table_file(path)
    measure = "error" if request.accuracy is None else "accuracy"
    column, scale = _unit(file, request.error or request.accuracy or "", ERROR_UNITS)
    errors = _errors(file, measure, column, scale)
    costs = {quantity: _cost(file, quantity, getattr(request, quantity)) for quantity in COSTS}
    found = _parameters(file, request, errors)
    whole = TrialTable(index=np.arange(len(file)), errors=errors, **costs, parameters=found.values)
    places = _places(file, request)
    if not any(whole.finished[rows].any() for rows in places.values()):
        raise DataError(
            f"{file.path}: column '{column}' is empty in all rows that name a '{request.space}'; "
            "leave out --space"
        )
    names = file.texts(request.name) if request.name else []
    return Populations(
        tables={space: whole.rows(rows) for space, rows in places.items()},
        names={space: tuple(names[row] for row in rows) for space, rows in places.items() if names},
        left_out=found.left_out,
        notes=(*_unassigned(file, places, request), *_doubts(request, whole)),
        origin={
            "fingerprint": file.fingerprint,
            "measure": measure,
            "column": column,
            "scale": scale,
        },
    )


def _unit(file: TableFile, written: str, units: Mapping[str, float]) -> tuple[str, float]:
    """'macs:M' to the column and a million; a column's name may hold a colon itself."""
    column, _, unit = written.rpartition(":")
    if written in file.names or column not in file.names:
        return written, 1.0
    if unit not in units:
        raise UserError(f"unit '{unit}' of column '{column}' must be {' or '.join(units)}, or none")
    return column, units[unit]


def _numbers(file: TableFile, column: str) -> Floats:
    numbers = file.numbers(column)
    if numbers is None:
        text = max(file.texts(column))
        raise DataError(f"{file.path}: column '{column}' must hold numbers, not '{text}'")
    return numbers


def _errors(file: TableFile, measure: str, column: str, scale: float) -> Floats:
    """Errors in percent, `(n,)`; NaN where the table has none."""
    given = _numbers(file, column) * scale
    # A difference of decimal fractions, such as 100 - 45.3633, is one again.
    errors = np.round(100.0 - given, 9) if measure == "accuracy" else given
    if np.isnan(errors).all():
        raise DataError(
            f"{file.path}: column '{column}' is empty in all {len(file):,} rows, so every training "
            "counts as failed; name another column"
        )
    outside = np.flatnonzero((errors < 0.0) | (errors > 100.0))
    if outside.size:
        row = int(outside[0])
        raise DataError(
            f"{file.path}: row {row + 1}: {measure} {given[row]:g} of column '{column}' lies "
            "outside 0 to 100 percent; leave out such rows, or name another column"
        )
    return errors


def _cost(file: TableFile, quantity: str, written: str | None) -> Floats:
    """A cost, `(n,)`; NaN where it is unknown."""
    if written is None:
        return np.full(len(file), np.nan)
    column, scale = _unit(file, written, COST_UNITS)
    cost = np.round(_numbers(file, column) * scale)
    wrong = np.flatnonzero((cost < 0.0) | (cost >= LARGEST_INTEGER))
    if wrong.size:
        row = int(wrong[0])
        raise DataError(
            f"{file.path}: row {row + 1}: {quantity} {cost[row]:g} of column '{column}' must lie "
            "from 0 to 9e18; check the column and its unit"
        )
    return cost


def _parameters(file: TableFile, request: ImportRequest, errors: Floats) -> Parameters:
    if request.parameters is not None:
        return named_parameters(file, chosen(file, request.parameters))
    used = set(chosen(file, request.without)) if request.without is not None else set()
    measured = (request.error, request.accuracy, *(getattr(request, name) for name in COSTS))
    for written in measured:
        if written is not None:
            used.add(_unit(file, written, {**COST_UNITS, **ERROR_UNITS})[0])
    used |= {name for name in (request.space, request.name) if name is not None}
    return likely_parameters(file, [name for name in file.names if name not in used], errors)


def _places(file: TableFile, request: ImportRequest) -> dict[str, NDArray[np.int64]]:
    """The rows of each space; those that name none are in no space."""
    if request.space is None:
        stem = Path(file.path.name.removesuffix(".gz")).stem
        return {stem: np.arange(len(file))}
    places: dict[str, list[int]] = defaultdict(list)
    for row, space in enumerate(file.texts(request.space)):
        if space:
            places[space].append(row)
    if not places:
        raise DataError(f"{file.path}: column '{request.space}' is empty; leave out --space")
    return {space: np.array(rows, dtype=np.int64) for space, rows in places.items()}


def _unassigned(
    file: TableFile, places: Mapping[str, NDArray[np.int64]], request: ImportRequest
) -> list[str]:
    missing = len(file) - sum(rows.size for rows in places.values())
    if not missing:
        return []
    return [f"{counted(missing, 'row')} without a '{request.space}' left out"]


def _doubts(request: ImportRequest, whole: TrialTable) -> list[str]:
    """What is likely meant otherwise than it was given."""
    said = []
    if whole.failed:
        rows = counted(whole.failed, "row")
        said.append(f"{rows} without an error: counted as failed trainings")
    written = request.error or request.accuracy
    given = whole.errors if request.error else 100.0 - whole.errors
    if np.nanmax(given) <= 1.0:
        option = "error" if request.error else "accuracy"
        said.append(
            f"no {option} is above 1 %; if they are shares of 1, write --{option} {written}:share"
        )
    for quantity in COSTS:
        written, cost = getattr(request, quantity), getattr(whole, quantity)
        if written is not None and not np.isnan(cost).all():
            largest = np.nanmax(cost)
            if largest < SUSPICIOUSLY_SMALL:
                said.append(
                    f"{quantity} are at most {largest:,.0f}; if '{written}' holds millions, write "
                    f"--{quantity} {written}:M"
                )
    return said
