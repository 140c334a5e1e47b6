"""The result of a scaling study in figures: summary.json."""

import json
from typing import Any

from netspace.analyse.replicates import CONFIDENCE
from netspace.design.network import Network
from netspace.design.serial import to_plain
from netspace.present.scaling_findings import Duel, duels, error_of
from netspace.present.scaling_record import Point, ScalingRecord
from netspace.present.scaling_sentences import duel_sentence


def scaling_summary_text(record: ScalingRecord) -> str:
    """summary.json: winner is null until the best of the grid is trained again."""
    return json.dumps(scaling_summary(record), indent=2) + "\n"


def scaling_summary(record: ScalingRecord) -> dict[str, Any]:
    """The result as plain values; errors in percent, intervals at 95 %."""
    trials = record.trials
    return {
        **_winner(record),
        "factor": record.study.factor,
        "confidence": CONFIDENCE,
        "series": [
            {"series": point.series, "factor": point.factor, **_outcome(record, point)}
            for point in record.ways
        ],
        "comparisons": [_comparison(duel) for duel in duels(record)],
        "grid": [{**_bases(point), **_outcome(record, point)} for point in record.grid],
        "networks_trained": len(_networks(record, trained=True)),
        "networks_failed": len(_networks(record, trained=False)),
        "trainings_finished": sum(trial.state == "finished" for trial in trials),
        "trainings_failed": sum(trial.state == "failed" for trial in trials),
        "data": {"name": record.data.name, "fingerprint": record.data.fingerprint},
        "seconds": round(record.seconds, 1),
    }


def _winner(record: ScalingRecord) -> dict[str, Any]:
    best = record.best
    if best is None:
        return {"winner": None}
    height, width = best.network.resolution
    found = error_of(record, best)
    return {
        "winner": to_plain(best.network),
        **to_plain(best.complexity),
        "resolution": height if height == width else [height, width],
        **_bases(best),
        "validation_error_percent": found.value,
        "validation_error_interval": [found.low, found.high] if found.known else None,
    }


def _bases(point: Point) -> dict[str, float]:
    return dict(zip(("alpha", "beta", "gamma"), point.bases, strict=True))


def _outcome(record: ScalingRecord, point: Point) -> dict[str, Any]:
    """What a point costs and how it did; error_percent is null without a finished training."""
    known: dict[str, Any] = {"error_percent": None, "half_width": None}
    if point.errors:
        found = error_of(record, point)
        known = {
            "error_percent": found.value,
            "half_width": found.half_width if found.known else None,
        }
    return {
        **to_plain(point.complexity),
        "resolution": list(point.network.resolution),
        **known,
        "errors_percent": list(point.errors),
        "finished": len(point.errors),
        "failed": point.failed,
    }


def _comparison(duel: Duel) -> dict[str, Any]:
    """Compound against another series; difference, low and high in percentage points."""
    found = duel.difference
    return {
        "series": ["compound", duel.series],
        "factor": duel.factor,
        "sentence": duel_sentence(duel),
        "same_network": duel.same,
        "verdict": found.verdict,
        "difference": found.value,
        "low": found.low if found.known else None,
        "high": found.high if found.known else None,
    }


def _networks(record: ScalingRecord, *, trained: bool) -> set[Network]:
    """The distinct networks with a result, or those whose trainings all failed."""
    done = {point.network for point in record.points if point.errors}
    if trained:
        return done
    return {p.network for p in record.points if p.failed == len(p.trials)} - done
