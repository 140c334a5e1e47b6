"""How many networks a side a verdict takes, and how often it is wrong, on published tables."""

import sys
from dataclasses import asdict
from statistics import median
from typing import get_args

from _calibration import Replayed, missing, pairs, replay
from _shared import print_result
from netspace.analyse.estimands import EstimandName
from netspace.analyse.looks import HORIZON

REPLAYS = 1_000


def main() -> None:
    """Replay every pair under every estimand; the default estimand's figure counts."""
    if absent := missing():
        sys.exit(f"verdict_cost needs {', '.join(map(str, absent))}")
    found = {name: _replayed(name) for name in get_args(EstimandName)}
    figures = {name: _figures(replays) for name, replays in found.items()}
    cost = figures["best_of_10"]["median_networks"]
    print_result(
        "verdict_cost",
        replays=REPLAYS,
        median_networks=cost,
        yardstick=HORIZON,
        ratio=round(HORIZON / cost, 2),
        estimands=figures,
    )


def _replayed(estimand: EstimandName) -> list[Replayed]:
    print(
        f"{estimand}: wrong, right, coverage, median and mean networks a side, power at {HORIZON}"
    )
    found = [replay(pair, estimand, replays=REPLAYS) for pair in pairs()]
    for one in found:
        figures = " ".join(f"{value:8.3f}" for value in list(asdict(one).values())[1:])
        print(f"  {figures}  {one.pair}")
    return found


def _figures(replays: list[Replayed]) -> dict[str, float]:
    decidable = [one for one in replays if one.decidable]
    return {
        "pairs": len(replays),
        "decidable": len(decidable),
        "median_networks": median(one.median_networks for one in decidable),
        "most_wrong": max(one.wrong for one in replays),
        "least_coverage": min(one.coverage for one in replays),
    }


if __name__ == "__main__":
    main()
