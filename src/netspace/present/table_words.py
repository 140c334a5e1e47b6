"""What the report of an imported table says in sentences and tables."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from netspace.design.units import format_size
from netspace.present.hover import COSTS
from netspace.present.palette import literal
from netspace.present.populations import TablePopulation
from netspace.present.table_record import TableRecord
from netspace.present.tables import NONE, Table
from netspace.present.wording import counted, listed, percent, spaced
from netspace.table import Floats, TrialTable

BEST = 10
"""So many networks of lowest error are listed."""

MOST_PARAMETERS = 8
"""Columns of parameters beside them."""


def table_answer(record: TableRecord) -> str:
    """The table in one line: how many networks, and which is the best."""
    networks = counted(record.rows, "network")
    space, row = _best(record, 1)[0]
    name, error = space.called(int(space.table.index[row])), space.table.errors[row]
    return f"{record.file}: {networks}, the best is {name} at {percent(error)} error"


def table_circumstances(record: TableRecord) -> str:
    """Where the errors come from, in how many spaces, and when it was imported."""
    failed = f"{counted(record.failed, 'row')} without an error; " if record.failed else ""
    spaces = counted(len(record.populations), "space")
    when = f"; imported {record.started}" if record.started else ""
    return f"Trained elsewhere; {record.measure} in column {record.column}; {failed}{spaces}{when}"


def axis_title(record: TableRecord) -> str:
    """What figures call the error; escaped."""
    column = literal(record.column)
    return f"error (%): {column if record.measure == 'error' else f'100 − {column}'}"


def largest_words(record: TableRecord) -> str:
    """That only the largest spaces are drawn and compared; empty if all are."""
    left = len(record.populations) - len(record.shown)
    if not left:
        return ""
    shown = counted(len(record.shown), "space")
    rest = sum(len(one.table) for one in record.populations) - sum(
        len(one.table) for one in record.shown
    )
    return (
        f"The table has {len(record.populations):,} spaces; the largest {shown} are compared and "
        f"drawn, without {counted(rest, 'network')} of the others."
    )


def best_table(record: TableRecord) -> Table:
    """The networks of lowest error of all spaces, with what is known of them."""
    rows = _best(record, BEST)
    known = [name for name in COSTS if any(_known(s.table, name, row) for s, row in rows)]
    names = parameter_names(record)[:MOST_PARAMETERS]
    several = len(record.populations) > 1
    cells = tuple(
        (
            space.called(int(space.table.index[row])),
            *((space.space,) if several else ()),
            percent(space.table.errors[row]),
            *(_cost(space.table, name, row) for name in known),
            *(_values(space.table.parameters.get(name), row) for name in names),
        )
        for space, row in rows
    )
    spaces = ("space",) if several else ()
    columns = ("network", *spaces, "error", *known, *map(spaced, names))
    return Table(columns=columns, rows=cells, words=1 + several)


def parameter_names(record: TableRecord) -> list[str]:
    """The parameters of all spaces, each once."""
    return list(dict.fromkeys(name for one in record.populations for name in one.table.parameters))


def _best(record: TableRecord, most: int) -> list[tuple[TablePopulation, int]]:
    """Population and row of the networks of lowest error, best first."""
    errors = [
        (float(one.table.errors[row]), place, int(row))
        for place, one in enumerate(record.populations)
        for row in np.argsort(one.table.errors, kind="stable")[:most]  # NaN comes last
        if one.table.finished[row]
    ]
    return [(record.populations[place], row) for _, place, row in sorted(errors)[:most]]


def _known(table: TrialTable, name: str, row: int) -> bool:
    return bool(np.isfinite(getattr(table, name)[row]))


def _cost(table: TrialTable, name: str, row: int) -> str:
    return format_size(getattr(table, name)[row]) if _known(table, name, row) else NONE


def _values(values: Floats | None, row: int) -> str:
    if values is None or np.isnan(values[row]).all():
        return NONE
    return ", ".join(NONE if np.isnan(value) else f"{value:g}" for value in values[row])


def imported_table(record: TableRecord) -> Table:
    """What was read from where: the file, the columns by what they hold, what was left out."""
    rows = [
        ("file", record.file),
        ("fingerprint", record.fingerprint),
        ("networks", f"{record.rows:,}, of which {record.failed:,} without an error"),
        *_columns(record.options),
        ("parameters", _parameters(record.populations) or "none"),
        *(("left out", words) for words in _left_out(record.left_out)),
    ]
    return Table(columns=("", ""), rows=tuple(rows), words=2)


def _columns(options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each option of `import` was given: a column, or patterns of columns."""
    patterns = {"parameters": "parameters asked for", "without": "left out on request"}
    for name, written in options.items():
        yield patterns.get(name, f"{name} from"), written


def _parameters(populations: Sequence[TablePopulation]) -> str:
    """'expansion (7 columns), depth'."""
    sizes: dict[str, int] = {}
    for one in populations:
        for name, values in one.table.parameters.items():
            sizes[name] = max(sizes.get(name, 1), values.shape[1])
    return ", ".join(
        name if size == 1 else f"{name} ({size} stages)" for name, size in sizes.items()
    )


def _left_out(left_out: Mapping[str, str]) -> Iterator[str]:
    by_reason = sorted(left_out.items(), key=lambda item: item[1])
    for reason, items in groupby(by_reason, key=lambda item: item[1]):
        yield f"{listed(name for name, _ in items)}: {reason}"
