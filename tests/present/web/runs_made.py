"""Made-up runs in folders, for the page to look at."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from netspace.config import Study
from netspace.design.serial import to_plain
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.table import TrialTable
from netspace.trial import Trial
from tests.present.records import fail, final_round, record, study, trained
from tests.present.test_lineage import step

NETWORKS = 12


def made(path: Path, plan: Study, trials: Sequence[Trial], **facts: Any) -> RunFolder:
    """A run of these trials in a new folder."""
    path.mkdir(parents=True)
    known = record(plan, trials)
    with Store(path / "run.db") as store:
        store.plan(trials)
        store.record(
            study=to_plain(plan, complete=True),
            data=asdict(known.data),
            spaces=[to_plain(one) for one in known.spaces],
            seconds=61.0,
            started="2026-01-02 03:04",
            **facts,
        )
    return RunFolder(path)


def design(path: Path) -> tuple[RunFolder, list[Trial]]:
    """Two spaces of 12 networks, one failed, a final round, a step of refinement."""
    plan = study("anynetx_a", "regnetx", networks=NETWORKS)
    trials = trained(plan)
    trials[3] = replace(fail(trials[3], "the loss became nan in epoch 2"), error=None)
    whole = [*trials, *(replace(one, id=900 + n) for n, one in enumerate(final_round(trials)))]
    steps = [to_plain(step(), complete=True)]
    return made(path, plan, whole, steps=steps), whole


def table(path: Path, rows: int = 2_000) -> tuple[RunFolder, dict[str, TrialTable]]:
    """An imported table of two spaces, some rows without an error."""
    tables = {}
    for number, name in enumerate("ab"):
        rng = np.random.default_rng(number)
        errors = rng.normal(40.0 + number, 4.0, rows)
        errors[::50] = np.nan
        tables[name] = TrialTable(
            index=np.arange(rows),
            errors=errors,
            flops=np.rint(np.exp(rng.normal(15.0, 0.3, rows))),
            params=np.rint(np.exp(rng.normal(11.0, 0.8, rows))),
            activations=np.full(rows, np.nan),
            parameters={
                "width": 8.0 * rng.integers(1, 9, (rows, 3)),
                "slope": rng.random((rows, 1)),
            },
        )
    path.mkdir(parents=True)
    with Store(path / "run.db") as store:
        store.add_tables(tables, kind="table")
    return RunFolder(path), tables
