"""Trials as columns, read and written without decoding their networks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat, zip_longest
from typing import Any

import numpy as np
import sqlalchemy as sa

from netspace.run.schema import TRIALS
from netspace.table import Floats, TrialTable
from netspace.trial import Round, State

ROWS_AT_ONCE = 10_000
"""Rows read or written together: bounds the memory that their JSON takes as Python objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one trial stands; name: what an imported table calls it, empty if nothing."""

    id: int
    round: Round
    space: str
    index: int
    name: str
    state: State
    attempts: int
    error: float | None
    reason: str


def read_standings(connection: sa.Connection) -> list[Standing]:
    """Where every trial stands, by id."""
    c = TRIALS.c
    name = sa.func.coalesce(c.setting["name"].as_string(), "").label("name")
    known = (c.id, c.round, c.space, c.index, name, c.state, c.attempts, c.error, c.reason)
    chosen = sa.select(*known).order_by(c.id)
    return [Standing(**row) for row in connection.execute(chosen).mappings()]


def read_spaces(connection: sa.Connection, *, round: Round) -> tuple[str, ...]:
    """The spaces of a round's trials, in the order of their first one."""
    c = TRIALS.c
    chosen = sa.select(c.space).where(c.round == round).group_by(c.space)
    return tuple(connection.scalars(chosen.order_by(sa.func.min(c.id))))


def read_table(connection: sa.Connection, *, round: Round, space: str) -> TrialTable:
    """The finished and failed trials of one round and space, by index."""
    c = TRIALS.c
    text = sa.type_coerce(c.parameters, sa.String)
    chosen = (
        sa.select(c.index, c.error, c.flops, c.params, c.activations, text)
        .where(c.round == round, c.space == space, c.state.in_(("finished", "failed")))
        .order_by(c.index, c.id)
    )
    parts = [_part(rows) for rows in connection.execute(chosen).partitions(ROWS_AT_ONCE)]
    return _joined(parts) if parts else _part([])


def _part(rows: Sequence[sa.Row[Any]]) -> TrialTable:
    index, errors, flops, params, activations, texts = zip(*rows, strict=True) if rows else [()] * 6
    measured = np.array(errors, dtype=np.float64)
    return TrialTable(
        index=np.array(index, dtype=np.int64),
        errors=np.where(np.isfinite(measured), measured, np.nan),
        flops=np.array(flops, dtype=np.float64),
        params=np.array(params, dtype=np.float64),
        activations=np.array(activations, dtype=np.float64),
        parameters=_parameters(json.loads(f"[{','.join(texts)}]")),
    )


def _parameters(rows: Sequence[Mapping[str, object]]) -> dict[str, Floats]:
    """Each parameter's values, `(n, size)`; NaN where a row lacks some."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _matrix([row.get(name) for row in rows]) for name in names}


def _matrix(values: Sequence[object]) -> Floats:
    listed = (value if isinstance(value, list) else (value,) for value in values)
    # Absent values are None, which becomes NaN.
    return np.array(list(zip_longest(*listed)), dtype=np.float64).T


def _joined(parts: Sequence[TrialTable]) -> TrialTable:
    """The parts below each other; a parameter is as wide as its widest part."""
    sizes: dict[str, int] = {}
    for part in parts:
        for name, values in part.parameters.items():
            sizes[name] = max(sizes.get(name, 1), values.shape[1])
    return TrialTable(
        index=np.concatenate([part.index for part in parts]),
        errors=np.concatenate([part.errors for part in parts]),
        flops=np.concatenate([part.flops for part in parts]),
        params=np.concatenate([part.params for part in parts]),
        activations=np.concatenate([part.activations for part in parts]),
        parameters={
            name: np.concatenate([_widened(part, name, size) for part in parts])
            for name, size in sizes.items()
        },
    )


def _widened(part: TrialTable, name: str, size: int) -> Floats:
    whole = np.full((len(part), size), np.nan)
    if name in part.parameters:
        values = part.parameters[name]
        whole[:, : values.shape[1]] = values
    return whole


def rows_of(space: str, table: TrialTable, names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The table's rows as trials of the first round, without networks; names: one for each row."""
    columns = zip(
        table.index.tolist(),
        table.errors.tolist(),
        *(_integers(cost) for cost in (table.flops, table.params, table.activations)),
        zip(*(_values(column) for column in table.parameters.values()), strict=True)
        if table.parameters
        else repeat(()),
        names or repeat(""),
        strict=False,
    )
    for index, error, flops, params, activations, values, name in columns:
        failed = error != error  # NaN
        given = zip(table.parameters, values, strict=True)
        yield {
            "round": "population",
            "space": space,
            "index": index,
            "seed": 0,
            "network": None,
            "parameters": {key: value for key, value in given if value is not None},
            "flops": flops,
            "params": params,
            "activations": activations,
            "recipe": {},
            "state": "failed" if failed else "finished",
            "attempts": 1,
            "error": None if failed else error,
            "seconds": None,
            "reason": "no error in the imported table" if failed else "",
            "curve": [],
            "setting": {"name": name} if name else {},
        }


def _integers(column: Floats) -> list[int | None]:
    return [None if value != value else round(value) for value in column.tolist()]


def _values(column: Floats) -> list[Any]:
    """A number or a list for each row; None where there is none, or in a list's empty places."""
    missing = np.isnan(column)
    plain = column.astype(object)
    plain[missing] = None
    rows: list[list[float | None]] = plain.tolist()
    if column.shape[1] == 1:
        return [row[0] for row in rows]
    return [None if all(value is None for value in row) else row for row in rows]
