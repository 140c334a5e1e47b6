"""Seconds to analyse 100,000 trials in two populations, once loaded; and to load them."""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from _shared import print_result
from netspace.analyse.edf import edf
from netspace.analyse.importance import importances
from netspace.analyse.insight import good_range
from netspace.analyse.normalised import normalised_edfs
from netspace.analyse.verdict import compare
from netspace.run.store import Store
from netspace.table import Floats, TrialTable

YARDSTICK_SECONDS = 5.0
TRIALS = 100_000
STAGES = 4


def population(number: int, trials: int) -> TrialTable:
    """A population like AnyNetX's: per-stage parameters, costs and errors that hang on them."""
    rng = np.random.default_rng(number)
    depth = rng.integers(1, 17, (trials, STAGES)).astype(np.float64)
    width = 8.0 * rng.integers(1, 129, (trials, STAGES)).astype(np.float64)
    flops = np.exp(rng.normal(15.0 + 0.2 * number, 0.3, trials))
    errors = 60.0 - 2.0 * np.log(flops) - 0.2 * depth[:, 2] + 0.01 * width[:, 0] - number
    errors += rng.gamma(2.0, 1.5, trials)
    errors[rng.random(trials) < 0.01] = np.nan
    return TrialTable(
        index=np.arange(trials),
        errors=errors,
        flops=np.rint(flops),
        params=np.rint(flops / 50.0),
        activations=np.rint(flops / 20.0),
        parameters={
            "depth": depth,
            "width": width,
            "bottleneck_ratio": 2.0 ** rng.integers(0, 3, (trials, STAGES)).astype(np.float64),
            "group_width": 2.0 ** rng.integers(0, 6, (trials, STAGES)).astype(np.float64),
        },
    )


def analyse(a: TrialTable, b: TrialTable) -> dict[str, float]:
    """Everything that a comparison of two populations asks, and the seconds that each took."""
    steps: dict[str, Callable[[], object]] = {
        "edf": lambda: [edf(table.errors) for table in (a, b)],
        "normalised_edf": lambda: normalised_edfs([a.errors, b.errors], [a.flops, b.flops]),
        "verdict": lambda: compare(a.errors, b.errors),
        "importance": lambda: [importances(table) for table in (a, b)],
        "good_ranges": lambda: [
            good_range(column, table.errors) for table in (a, b) for column in columns(table)
        ],
    }
    seconds = {}
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = round(time.perf_counter() - start, 3)
    return seconds


def columns(table: TrialTable) -> list[Floats]:
    """Each stage of each parameter, `(n,)`."""
    return [column for values in table.parameters.values() for column in values.T]


def load_seconds(a: TrialTable, b: TrialTable) -> float:
    """Seconds to read both back from a store."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "run.db") as store:
        store.add_tables({"a": a, "b": b})
        start = time.perf_counter()
        read = [store.table(space=space) for space in ("a", "b")]
        seconds = time.perf_counter() - start
    assert sum(map(len, read)) == TRIALS
    assert np.array_equal(read[0].errors, a.errors, equal_nan=True)
    return seconds


def main() -> None:
    """Time the analysis of two populations; the memory is the most that the process ever held."""
    a, b = (population(number, TRIALS // 2) for number in (0, 1))
    analyse(*(table.rows(slice(100)) for table in (a, b)))  # imports what is needed
    steps = analyse(a, b)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = sum(steps.values())
    print_result(
        "analysis_speed",
        trials=TRIALS,
        seconds=round(seconds, 2),
        steps=steps,
        peak_mib=round(peak_mib),
        load_seconds=round(load_seconds(a, b), 2),
        yardstick=YARDSTICK_SECONDS,
        ratio=round(YARDSTICK_SECONDS / seconds, 1),
    )


if __name__ == "__main__":
    main()
