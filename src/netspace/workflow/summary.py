"""The result of a run in figures: summary.json."""

import json
from itertools import combinations
from typing import Any

from netspace.analyse.summary import summarise
from netspace.analyse.verdict import Comparison, compare
from netspace.design.serial import to_plain
from netspace.present.record import RunRecord


def summary_text(record: RunRecord) -> str:
    """summary.json: winner is null until the run is over."""
    return json.dumps(summary(record), indent=2) + "\n"


def summary(record: RunRecord) -> dict[str, Any]:
    """The result as plain values; errors in percent."""
    population = record.population
    return {
        **_winner(record),
        "networks_trained": sum(trial.state == "finished" for trial in population),
        "networks_failed": sum(trial.state == "failed" for trial in population),
        "spaces": [space_summary(record, space.name) for space in record.spaces],
        "comparisons": [comparison_json(a, b, found) for a, b, found in comparisons(record)],
        "data": {"name": record.data.name, "fingerprint": record.data.fingerprint},
        "seconds": round(record.seconds, 1),
    }


def space_summary(record: RunRecord, name: str) -> dict[str, Any]:
    """One space's population in figures; without finished networks only their numbers."""
    errors, failed = errors_of(record, name)
    if not errors:
        return {"name": name, "finished": 0, "failed": failed}
    found = summarise(errors, failed=failed)
    return {
        "name": name,
        "finished": found.finished,
        "failed": found.failed,
        "best": found.best,
        "median": found.median,
        "mean": found.mean,
        "expected_best": {str(k): error for k, error in found.expected_best.items()},
    }


def comparisons(record: RunRecord) -> list[tuple[str, str, Comparison]]:
    """Every pair of spaces with at least two finished networks each."""
    enough = [space.name for space in record.spaces if len(errors_of(record, space.name)[0]) >= 2]
    return [
        (a, b, compare_errors(errors_of(record, a), errors_of(record, b)))
        for a, b in combinations(enough, 2)
    ]


def compare_errors(a: tuple[list[float], int], b: tuple[list[float], int]) -> Comparison:
    """Compare two populations, each given as finished errors and number of failures."""
    return compare(a[0], b[0], failed_a=a[1], failed_b=b[1])


def errors_of(record: RunRecord, space: str) -> tuple[list[float], int]:
    """Errors of a space's finished networks, and how many failed."""
    own = [trial for trial in record.population if trial.space == space]
    errors = [trial.error for trial in own if trial.error is not None]
    return errors, sum(trial.state == "failed" for trial in own)


def _winner(record: RunRecord) -> dict[str, Any]:
    winner = record.winner
    if winner is None:
        return {"winner": None}
    return {
        "winner": winner.best.name,
        "network": to_plain(winner.best.network),
        **to_plain(winner.best.complexity),
        "validation_error_percent": winner.validation_error,
        "test_error_percent": winner.test_error,
    }


def comparison_json(a: str, b: str, found: Comparison) -> dict[str, Any]:
    """A comparison of space B with space A as plain values, in percentage points."""
    return {
        "spaces": [a, b],
        "sentence": found.sentence(a, b),
        "finished": [found.finished_a, found.finished_b],
        "failed": [found.failed_a, found.failed_b],
        "rough": found.rough,
        "estimand": str(found.estimand),
        "verdict": found.verdict,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
    }
