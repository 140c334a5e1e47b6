"""What the command line says of searches on a table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from netspace.present.aligned import columns
from netspace.spaces.ranges import Floats

STATED = (10, 20, 50, 100, 200, 500, 1000)
"""Numbers of networks at which the best so far is told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableSearched:
    """Many searches by one strategy on one table.

    fitness: what was to be high, (seeds, networks), in the order asked for. random: what the best
    of so many random draws has on average, (networks,); empty where nobody knows. checked: where
    the errors come from. best_error: in percent, of the best network of all searches.
    """

    strategy: str
    objective: str
    fitness: Floats
    random: Floats
    checked: str
    log10_size: float
    best_error: float
    best_parameters: Mapping[str, tuple[float, ...]]

    @property
    def so_far(self) -> Floats:
        """The best so far, (seeds, networks)."""
        return np.asarray(np.fmax.accumulate(self.fitness, axis=1))

    @property
    def stated(self) -> list[int]:
        """After how many networks figures are told."""
        networks = self.fitness.shape[1]
        return [*(count for count in STATED if count < networks), networks]

    def interval(self, count: int) -> tuple[float, float, float]:
        """The mean best after so many networks, and its 95 % interval over the searches."""
        from scipy.special import stdtrit  # takes a while to import

        best = self.so_far[:, count - 1]
        mean, seeds = float(best.mean()), len(best)
        if seeds < 2:
            return mean, float("nan"), float("nan")
        half = float(stdtrit(seeds - 1, 0.975) * best.std(ddof=1) / np.sqrt(seeds))
        return mean, mean - half, mean + half


def table_search_text(found: TableSearched) -> str:
    """The best so far at some numbers of networks, beside random draws, and the best network."""
    seeds = len(found.fitness)
    lines = [
        f"{found.strategy}: {found.objective}; {seeds} search{'' if seeds == 1 else 'es'}",
        f"estimate: {found.checked}",
        columns(("networks", "best so far", "95 %", "random draws"), [*_rows(found)]),
        f"best of all: error {found.best_error:.2f} %, {_parameters(found.best_parameters)}",
    ]
    return "\n".join(lines)


def _rows(found: TableSearched) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for count in found.stated:
        mean, low, high = found.interval(count)
        spread = f"{low:.4f} to {high:.4f}" if low == low else "one search only"
        random = f"{found.random[count - 1]:.4f}" if len(found.random) else "not known"
        rows.append((str(count), f"{mean:.4f}", spread, random))
    return rows


def _parameters(parameters: Mapping[str, tuple[float, ...]]) -> str:
    return ", ".join(
        f"{name} {' '.join(f'{value:g}' for value in values)}"
        for name, values in parameters.items()
    )


def table_search_json(found: TableSearched) -> str:
    """The same as one JSON document."""
    plain = {
        "strategy": found.strategy,
        "objective": found.objective,
        "estimate": found.checked,
        "searches": len(found.fitness),
        "log10_size": found.log10_size,
        "best_so_far": [
            dict(zip(("networks", "mean", "low", "high", "random"), row, strict=True))
            for row in _figures(found)
        ],
        "best_error_percent": found.best_error,
        "best_parameters": {name: list(v) for name, v in found.best_parameters.items()},
    }
    return json.dumps(plain, indent=2)


def _figures(
    found: TableSearched,
) -> list[tuple[int, float, float | None, float | None, float | None]]:
    rows = []
    for count in found.stated:
        mean, low, high = found.interval(count)
        known = low == low
        random = float(found.random[count - 1]) if len(found.random) else None
        rows.append((count, mean, low if known else None, high if known else None, random))
    return rows
