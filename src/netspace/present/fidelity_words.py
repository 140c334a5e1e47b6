"""What is said of a run's fidelity: sentences, a table of text, plain values for JSON."""

import json
import shlex
from math import isfinite
from typing import Any, assert_never

from netspace.analyse.agreement import FEW, Agreement, Estimate
from netspace.present.aligned import columns
from netspace.present.fidelity import Fidelity, Retrained
from netspace.present.record import RunRecord
from netspace.present.wording import counted

CEILING = (
    "Kendall's tau is 1 where two trainings rank every pair of networks alike, and 0 where they "
    "agree no more than by chance. Two trainings of the same epochs differ by their seed alone: "
    "their tau is what to expect of a longer schedule that ranks the networks alike and is as "
    "noisy. One that is less noisy may exceed it; one that is noisier stays below it without "
    "another order."
)


def agreement_sentence(found: Agreement, short_epochs: int, long_epochs: int) -> str:
    """Say how well the short schedule ranks, and how much of the rest is seed noise."""
    short, long = counted(short_epochs, "epoch"), counted(long_epochs, "epoch")
    tau, ceiling = found.short_long, found.ceiling
    confidence = f"{100.0 * found.confidence:g} % interval"
    return (
        f"{short} {'ranks' if short_epochs == 1 else 'rank'} {found.networks} networks as {long} "
        f"do with tau {_two(tau.value)} ({confidence} {_span(tau)}); two seeds of {short} agree "
        f"with each other at {_two(ceiling.value)} ({_span(ceiling)}){_conclusion(found)}"
    )


def _conclusion(found: Agreement) -> str:
    finding = found.finding
    match finding:
        case "same":
            return ", and no pair of networks changes places"
        case "higher":
            return ", so seed noise accounts for all of the disagreement"
        case "noise":
            return ", so most of the disagreement is seed noise"
        case "lower":
            return ", so the longer schedule ranks them differently, beyond seed noise"
        case "undecided":
            gap = found.difference
            return (
                "; whether the disagreement is more than seed noise is undecided (difference "
                f"{_two(gap.value)}, {_span(gap)})"
            )
        case "few":
            return f"; with fewer than {FEW} networks, seed noise is not told from the schedule"
    assert_never(finding)


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"


def _span(estimate: Estimate) -> str:
    return f"{_two(estimate.low)} to {_two(estimate.high)}"


def said(record: RunRecord, found: Fidelity | None) -> str:
    """The fidelity of a run in one sentence, or that it was not measured."""
    if found is None:
        short = counted(record.study.recipe.epochs, "epoch")
        verb = "ranks" if record.study.recipe.epochs == 1 else "rank"
        return f"Whether {short} {verb} the networks as a longer schedule would was not measured."
    if not found.over:
        return (
            "Whether the short schedule ranks as a longer one would is not known yet: "
            f"{found.done} of {counted(found.trainings, 'training')} for it are done."
        )
    if found.agreement is None:
        short, long = (counted(n, "epoch") for n in (found.short_epochs, found.long_epochs))
        return f"{short} cannot be compared with {long}: {found.missing}."
    return f"{agreement_sentence(found.agreement, found.short_epochs, found.long_epochs)}."


def left_out(found: Fidelity) -> str:
    """How much failed and is not in the figures; empty if nothing did."""
    if not found.failed:
        return ""
    gone = len(found.networks) - len(found.complete)
    return (
        f"{found.failed} of {counted(found.trainings, 'training')} failed, so "
        f"{counted(gone, 'network')} of {len(found.networks)} {'is' if gone == 1 else 'are'} "
        "left out."
    )


def command(record: RunRecord) -> str:
    """The command that measures it."""
    return shlex.join(["netspace", "fidelity", record.folder])


def fidelity_json(record: RunRecord, found: Fidelity | None) -> dict[str, Any] | None:
    """The result as plain values; None until all trainings are done."""
    if found is None or not found.over:
        return None
    tau = found.agreement
    return {
        "sentence": said(record, found),
        "short_epochs": found.short_epochs,
        "long_epochs": found.long_epochs,
        "networks": len(found.networks),
        "networks_complete": len(found.complete),
        "trainings_failed": found.failed,
        "tau_short_long": None if tau is None else _plain(tau.short_long),
        "tau_short_short": None if tau is None else _plain(tau.ceiling),
        "difference": None if tau is None else _plain(tau.difference),
        "finding": None if tau is None else tau.finding,
        "confidence": None if tau is None else tau.confidence,
    }


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def fidelity_document(record: RunRecord, found: Fidelity) -> str:
    """The result and every network's errors as one JSON document."""
    trained = [
        {
            "name": one.first.name,
            "space": one.first.space,
            "index": one.first.index,
            "short_errors_percent": [_known(error) for error in one.short_errors],
            "long_error_percent": _known(one.long_error),
        }
        for one in _by_long_error(found)
    ]
    return json.dumps({**(fidelity_json(record, found) or {}), "trained": trained}, indent=2)


def _known(error: float) -> float | None:
    return error if isfinite(error) else None


def fidelity_text(record: RunRecord, found: Fidelity) -> str:
    """The sentence, and a line for each network with its errors in percent."""
    short, long = (counted(n, "epoch") for n in (found.short_epochs, found.long_epochs))
    rows = [
        (one.first.name, *map(_cell, one.short_errors), _cell(one.long_error))
        for one in _by_long_error(found)
    ]
    head = ("error %", f"{short}, first seed", "second seed", long)
    remarks = [said(record, found), *filter(None, (left_out(found),))]
    return "\n".join([*remarks, columns(head, rows)])


def _by_long_error(found: Fidelity) -> list[Retrained]:
    """The networks, best at the long schedule first; those without an error there last."""
    return sorted(
        found.networks, key=lambda one: (not isfinite(one.long_error), one.long_error, one.number)
    )


def _cell(error: float) -> str:
    return f"{error:.2f}" if isfinite(error) else "failed"
