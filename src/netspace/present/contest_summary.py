"""The result of a contest in figures: summary.json."""

import json
from dataclasses import asdict
from typing import Any

from netspace.analyse.ranking import Pair
from netspace.analyse.replicates import CONFIDENCE, Estimate
from netspace.design.serial import to_plain
from netspace.present.contest_findings import (
    Standing,
    agreement_sentence,
    agreement_with_first,
    difference_sentence,
    differences,
    obeyed,
    standings,
)
from netspace.present.contest_record import ContestRecord, Heat
from netspace.present.latency_text import circumstances


def contest_summary_text(record: ContestRecord) -> str:
    """summary.json: winner is null until all seeds on the first data set are over."""
    return json.dumps(contest_summary(record), indent=2) + "\n"


def contest_summary(record: ContestRecord) -> dict[str, Any]:
    """The result as plain values; errors in percent, intervals at 95 %."""
    trials = record.trials
    return {
        **_winner(record),
        "equal": record.study.equal.sentence,
        "confidence": CONFIDENCE,
        "networks": [_network(record, one) for one in standings(record, record.first)],
        "data_sets": [_heat(record, heat) for heat in record.heats],
        "latency": None if record.latency is None else circumstances(record.latency),
        "trainings_finished": sum(trial.state == "finished" for trial in trials),
        "trainings_failed": sum(trial.state == "failed" for trial in trials),
        "seconds": round(record.seconds, 1),
    }


def _winner(record: ContestRecord) -> dict[str, Any]:
    victor = record.victor
    if victor is None:
        return {"winner": None}
    entry = record.entry(victor.name)
    return {
        "winner": victor.name,
        **to_plain(entry.complexity),
        "validation_error_percent": victor.validation_error,
        "kept_validation_error_percent": victor.kept_error,
        "test_error_percent": victor.test_error,
    }


def _network(record: ContestRecord, one: Standing) -> dict[str, Any]:
    entry = one.entry
    return {
        "name": entry.name,
        "origin": entry.origin,
        "source": entry.source,
        "changes": list(entry.changes),
        **to_plain(entry.complexity),
        "latency_ms": {
            backend: asdict(figures) for backend, figures in record.figures(entry.name).items()
        },
        "rules": {check.name: check.obeyed for check in obeyed(entry)},
        "network": to_plain(entry.network),
    }


def _heat(record: ContestRecord, heat: Heat) -> dict[str, Any]:
    tau = None if heat is record.first else agreement_with_first(record, heat)
    first = heat is record.first
    return {
        "title": heat.title,
        "mode": heat.mode,
        "data": {"name": heat.data.name, "fingerprint": heat.data.fingerprint},
        "standings": [_standing(one) for one in standings(record, heat)],
        "differences": [_pair(pair) for pair in differences(heat)],
        "order_as_on_first": None if tau is None else asdict(tau),
        "order_sentence": "" if first else agreement_sentence(heat, tau),
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "name": one.entry.name,
        **_estimate("error_percent", one.error),
        "errors_percent": list(one.errors),
        "failed": one.failed,
    }


def _estimate(name: str, found: Estimate | None) -> dict[str, float | None]:
    known = found is not None and found.known
    return {
        name: None if found is None else found.value,
        "low": found.low if known and found is not None else None,
        "high": found.high if known and found is not None else None,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "better": pair.first,
        "worse": pair.second,
        **_estimate("difference", pair.difference),
        "real": pair.real,
        "sentence": difference_sentence(pair),
    }
