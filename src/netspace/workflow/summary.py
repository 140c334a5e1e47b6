"""The result of a run in figures: summary.json."""

import json
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from netspace.analyse.comparison import Comparison
from netspace.analyse.summary import Summary, summarise
from netspace.design.serial import to_plain
from netspace.present.fidelity import fidelity_of
from netspace.present.fidelity_words import fidelity_json
from netspace.present.populations import Tabled, compare_spaces, done, populations, tabled
from netspace.present.record import RunRecord
from netspace.present.search_text import search_json
from netspace.trial import Trial


def summary_text(record: RunRecord) -> str:
    """summary.json: winner is null until the run is over."""
    return json.dumps(summary(record), indent=2) + "\n"


def summary(record: RunRecord) -> dict[str, Any]:
    """The result as plain values; errors in percent."""
    population = record.population
    people = [tabled(one) for one in populations(record)]
    return {
        **_winner(record),
        "networks_trained": sum(trial.state == "finished" for trial in population),
        "networks_failed": sum(trial.state == "failed" for trial in population),
        "spaces": [_space(record, one) for one in people],
        "comparisons": comparisons(_sampled(record, people)),
        **({"search": search_json(record)} if record.study.search else {}),
        "fidelity": fidelity_json(record, fidelity_of(record)),
        "data": {"name": record.data.name, "fingerprint": record.data.fingerprint},
        "seconds": round(record.seconds, 1),
    }


def _space(record: RunRecord, population: Tabled) -> dict[str, Any]:
    """One space in figures; networks that were searched for are no sample, so only their counts."""
    if record.study.search is None:
        return space_summary(population)
    finished, failed = done(population), population.table.failed
    return {"name": population.space, "finished": finished, "failed": failed}


def _sampled(record: RunRecord, people: Sequence[Tabled]) -> list[Tabled]:
    """Without the children of walks: their sizes were chosen by looking, one look would mislead."""
    children = {step.child for step in record.steps}
    return [one for one in people if one.space not in children]


def space_summary(population: Tabled) -> dict[str, Any]:
    """One space's population in figures; without finished networks only their numbers."""
    table = population.table
    if not done(population):
        return {"name": population.space, "finished": 0, "failed": table.failed}
    found = summarise(table.errors)
    return {
        "name": population.space,
        "finished": found.finished,
        "failed": found.failed,
        "best": found.best,
        "median": found.median,
        "mean": found.mean,
        "quantiles": {str(share): error for share, error in found.quantiles.items()},
        "expected_best": {str(k): error for k, error in found.expected_best.items()},
        "intervals": _intervals(found),
    }


def _intervals(found: Summary) -> dict[str, Any]:
    """The ends of each interval that there is."""
    mean, quantiles = found.mean_interval, found.quantile_intervals
    return {
        "confidence": found.confidence,
        **({} if mean is None else {"mean": [mean.low, mean.high]}),
        "quantiles": {str(share): [one.low, one.high] for share, one in quantiles.items()},
        "expected_best": {
            str(k): [one.low, one.high] for k, one in found.expected_best_intervals.items()
        },
    }


def comparisons(people: Sequence[Tabled]) -> list[dict[str, Any]]:
    """Every pair of spaces with at least two finished networks each."""
    enough = [population for population in people if done(population) >= 2]
    return [
        comparison_json(a.space, b.space, compare_spaces(a, b)) for a, b in combinations(enough, 2)
    ]


def _winner(record: RunRecord) -> dict[str, Any]:
    winner = record.winner
    if winner is None:
        return {"winner": None}
    return {
        "winner": winner.best.name,
        "network": to_plain(winner.best.network),
        **to_plain(winner.best.complexity),
        **_latency(record, winner.best),
        "validation_error_percent": winner.validation_error,
        "test_error_percent": winner.test_error,
    }


def _latency(record: RunRecord, trial: Trial) -> dict[str, float]:
    """What the network was measured to take before the training, where that was asked for."""
    latency = record.latency_ms(trial)
    return {} if latency is None else {"latency_ms": latency}


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
        "margin": found.margin,
        "needed": found.needed,
        "looks": list(found.looks),
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
        "chance_b_below_a": found.chance_b_below_a,
    }
