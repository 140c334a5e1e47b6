"""What the command line says of an imported table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from netspace.analyse.summary import summarise
from netspace.design.units import format_range
from netspace.present.aligned import columns
from netspace.present.wording import counted, listed
from netspace.table import Floats, TrialTable

MOST_SPACES = 20
"""So many spaces are listed, the largest ones."""


def imported_text(
    tables: Mapping[str, TrialTable],
    names: Mapping[str, Sequence[str]],
    left_out: Mapping[str, str],
    folder: Path,
) -> str:
    """The populations in figures, the best network, and what became of the columns."""
    largest = sorted(tables, key=lambda space: -len(tables[space]))[:MOST_SPACES]
    rows = [_row(space, tables[space]) for space in tables if space in largest]
    head = ("space", "networks", "failed", "best %", "median %", "mean %")
    more = [f"and {counted(len(tables) - len(rows), 'smaller space')}"] * (len(tables) > len(rows))
    return "\n".join(
        [
            columns(head, rows),
            *more,
            *_costs(tables),
            f"parameters: {_parameters(tables) or 'none'}",
            *_left_out(left_out),
            f"best: {_best(tables, names)}",
            _next(folder, len(tables)),
        ]
    )


def _next(folder: Path, spaces: int) -> str:
    if spaces == 1:
        return f"in {folder}"
    return f"in {folder}; compare two spaces: netspace compare {folder}:SPACE {folder}:SPACE"


def _row(space: str, table: TrialTable) -> tuple[str, ...]:
    if table.failed == len(table):
        return space, "0", str(table.failed), "-", "-", "-"
    found = summarise(table.errors)
    figures = (f"{value:.2f}" for value in (found.best, found.median, found.mean))
    return space, str(found.finished), str(found.failed), *figures


def _costs(tables: Mapping[str, TrialTable]) -> list[str]:
    """The range of each known cost."""
    said = []
    for quantity in ("flops", "params", "activations"):
        parts: list[Floats] = [getattr(table, quantity) for table in tables.values()]
        cost = np.concatenate(parts)
        if not np.isnan(cost).all():
            said.append(
                f"{quantity}: {format_range(float(np.nanmin(cost)), float(np.nanmax(cost)))}"
            )
    return said


def _parameters(tables: Mapping[str, TrialTable]) -> str:
    """'expansion (7), depth': the number of values where there are several."""
    sizes = {name: v.shape[1] for table in tables.values() for name, v in table.parameters.items()}
    return ", ".join(name if size == 1 else f"{name} ({size})" for name, size in sizes.items())


def _left_out(left_out: Mapping[str, str]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for column, reason in left_out.items():
        by_reason.setdefault(reason, []).append(column)
    return [f"left out, {reason}: {listed(names)}" for reason, names in by_reason.items()]


def _best(tables: Mapping[str, TrialTable], names: Mapping[str, Sequence[str]]) -> str:
    """The network of lowest error, by its name if the table has one."""
    lowest = {s: np.nanmin(t.errors) for s, t in tables.items() if t.finished.any()}
    space = min(lowest, key=lambda name: lowest[name])
    place = int(np.nanargmin(tables[space].errors))
    index = tables[space].index[place]
    name = names[space][place] if space in names else f"{space}-{index}"
    return f"{name}, error {lowest[space]:.2f} %"
