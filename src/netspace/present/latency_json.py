"""Measured latencies as one JSON document."""

import json
from typing import Any

from netspace.analyse.agreement import Estimate
from netspace.analyse.correlation import Correlation
from netspace.analyse.latency_difference import Difference
from netspace.present.latency_record import BackendFindings, LatencyReport, TimedNetwork

MOST_PAIRED = 20
"""Pairs are listed for so many networks; of more they are counted."""


def latency_json(report: LatencyReport) -> str:
    """The circumstances, every network's figures, and each backend's findings."""
    document = {
        "device": report.device,
        "threads": report.threads,
        "batch_size": report.batch_size,
        "versions": dict(report.versions),
        "rounds": report.rounds,
        "runs_a_round": report.runs,
        "warmup_runs": report.warmup,
        "uncounted_runs_a_round": 1,
        "confidence": report.confidence,
        "networks": [_network(one, report.backends[0]) for one in report.networks],
        "backends": [_findings(one, report) for one in report.findings],
    }
    return json.dumps(document, indent=2)


def _network(one: TimedNetwork, reference: str) -> dict[str, Any]:
    height, width = one.resolution
    return {
        "name": one.name,
        "resolution": height if height == width else [height, width],
        "flops": one.flops,
        "params": one.params,
        "activations": one.activations,
        "latency": {
            backend: {
                "median_ms": own.median_ms,
                "p90_ms": own.high_ms,
                "low_ms": own.low_ms,
                "high_ms": own.high_ms,
                "runs": own.runs,
                "builds": own.builds,
            }
            for backend, own in one.figures.items()
        },
        "speed": [
            {"backend": backend, "against": reference, **_difference(found)}
            for backend, found in one.speeds.items()
        ],
    }


def _findings(found: BackendFindings, report: LatencyReport) -> dict[str, Any]:
    names = [one.name for one in report.networks]
    pairs = [
        {
            "network": names[pair.one],
            "against": names[pair.other],
            **_difference(pair.difference),
            "fewer_flops_yet_slower": pair.reversed,
        }
        for pair in found.pairs
    ]
    return {
        "name": found.backend,
        "meaning": found.meaning,
        "noise_floor_percent": found.floor_percent,
        "order": [names[place] for place in found.order],
        "pairs": len(pairs),
        "pairs_apart": sum(pair.difference.real for pair in found.pairs),
        "differences": pairs if len(names) <= MOST_PAIRED else None,
        "correlations": {name: _correlation(own) for name, own in found.correlations.items()}
        or None,
        "activations_against_flops": found.activations_against_flops,
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "speed": found.speed,
        "low": found.low,
        "high": found.high,
        "verdict": found.verdict,
    }


def _correlation(found: Correlation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "networks": found.networks,
        "tau": _plain(found.tau),
        "gains": {name: _plain(gain) for name, gain in found.gains.items()},
    }


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
