"""Made-up tables of results from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from netspace.present.populations import TablePopulation
from netspace.present.table_record import TableRecord
from netspace.table import TrialTable


def rows(
    count: int, *, seed: int = 0, failed: int = 0, better: float = 0.0, costs: Sequence[str] = ()
) -> TrialTable:
    """Networks that are better the deeper they are; the first ones failed; costs: those known."""
    rng = np.random.default_rng(seed)
    depth = rng.integers(1, 5, (count, 2)).astype(float)
    errors = 40.0 - better - 2 * depth.sum(axis=1) + rng.gamma(2.0, 1.5, count)
    errors[:failed] = np.nan
    drawn = {name: np.round(np.exp(rng.normal(16, 0.6, count))) for name in costs}
    unknown = np.full(count, np.nan)
    return TrialTable(
        index=np.arange(count),
        errors=errors.round(3),
        flops=drawn.get("flops", unknown),
        params=drawn.get("params", unknown),
        activations=drawn.get("activations", unknown),
        parameters={"depth": depth},
    )


def table_record(
    tables: Mapping[str, TrialTable],
    names: Mapping[str, Mapping[int, str]] | None = None,
    **changes: object,
) -> TableRecord:
    """The record of these spaces; other fields may be changed."""
    whole = TableRecord(
        folder="runs/results",
        file="results.csv",
        fingerprint="0123456789abcdef",
        options={"accuracy": "top1", "flops": "macs:M", "without": "std,test_*"},
        measure="accuracy",
        column="top1",
        left_out={"arch": "text", "hash": "text", "index": "counts the rows"},
        notes=("2 rows without an error: counted as failed trainings",),
        populations=tuple(
            TablePopulation(
                space=space, number=number, table=table, names=(names or {}).get(space, {})
            )
            for number, (space, table) in enumerate(tables.items())
        ),
        command="netspace import results.csv --accuracy top1 --out runs/results",
        started="2026-01-02 03:04+00:00",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]
