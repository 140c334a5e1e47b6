"""A search in figures: for summary.json and for the terminal."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from netspace.present.aligned import columns
from netspace.present.record import RunRecord
from netspace.present.search_findings import SearchFindings, findings_of
from netspace.present.search_random import Baseline
from netspace.present.search_words import unknown

STATED = (5, 10, 20, 50, 100, 200, 500, 1000)
"""Numbers of networks at which the best so far is told, beside the last one."""


def search_json(record: RunRecord, baseline: Baseline | None = None) -> dict[str, Any]:
    """The search of a run as plain values; errors in percent, numbers of networks from 1."""
    return plain_search(findings_of(record, baseline))


def plain_search(found: SearchFindings) -> dict[str, Any]:
    """Any search as plain values."""
    trace, terms = found.trace, found.terms
    return {
        "strategy": terms.strategy.kind,
        "objective": terms.objective.sentence,
        "evaluations": len(trace),
        "drawn": int(trace.drawn.sum()),
        "failed": int(trace.failed.sum()),
        "compared": int(trace.whole.sum()),
        "epochs": int(trace.epochs.sum()),
        **({"rungs": list(trace.rungs)} if trace.rungs else {}),
        **_so_far(found),
        "front": [_network(found, row) for row in found.front.tolist()],
        **_volume(found),
        "random": _random(found),
    }


def _stated(most: int) -> list[int]:
    return [*(count for count in STATED if count < most), most] if most else []


def _so_far(found: SearchFindings) -> dict[str, Any]:
    """The best, and the best so far by number of networks, from the first that has a result on."""
    rows = found.followed.best_rows
    stated = [k for k in _stated(len(rows)) if rows[k - 1] >= 0]
    best = found.followed.best
    plain = {
        "best": None if best is None else _network(found, best),
        "best_error_percent": {str(k): float(found.trace.errors[rows[k - 1]]) for k in stated},
    }
    if found.followed.high:
        plain["best_reward"] = {str(k): float(found.followed.so_far[k - 1]) for k in stated}
    return plain


def _network(found: SearchFindings, row: int) -> dict[str, Any]:
    trace = found.trace
    reward = {"reward": float(found.followed.values[row])} if found.followed.high else {}
    return {
        "network": trace.names[row],
        "number": row + 1,
        "error_percent": float(trace.errors[row]),
        **reward,
        **{name: _cost(float(column[row])) for name, column in trace.costs.items()},
    }


def _cost(value: float) -> int | float | None:
    if not np.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _volume(found: SearchFindings) -> dict[str, Any]:
    if found.volume is None:
        return {}
    share = found.volume.share
    return {"share_beaten": {str(k): float(share[k - 1]) for k in _stated(len(share))}}


def _random(found: SearchFindings) -> dict[str, Any]:
    """What random draws give; why not, where nobody knows."""
    random = found.random
    if random is None:
        return {"unknown": unknown(found)}
    stated = _stated(len(random))
    ends = {k: random.interval(k) for k in stated}
    name = "expected_best_reward" if found.followed.high else "expected_best_error_percent"
    return {
        "source": random.source or "this run's own draws",
        "draws": random.draws,
        name: {str(k): float(random.values[k - 1]) for k in stated},
        "intervals": {str(k): list(own) for k, own in ends.items() if own is not None},
    }


def search_text(plain: Mapping[str, Any]) -> str:
    """A search of `search_json` in a few lines."""
    high = "best_reward" in plain
    best = plain["best_reward" if high else "best_error_percent"]
    random = plain["random"]
    means = random.get("expected_best_reward", random.get("expected_best_error_percent", {}))
    digits = 4 if high else 2
    rows = [
        (
            count,
            f"{value:.{digits}f}",
            f"{means[count]:.{digits}f}" if count in means else "-",
            _span(random.get("intervals", {}).get(count), digits),
        )
        for count, value in best.items()
    ]
    lines = [
        f"{plain['strategy']}: {plain['objective']}; {plain['evaluations']} networks asked for, "
        f"{plain['drawn']} of them drawn at random, {plain['failed']} failed"
    ]
    if rows:
        unit = "reward" if high else "error %"
        lines.append(columns(("networks", f"best {unit}", "random draws", "95 %"), rows))
    lines.append(_draws(random))
    lines += _last(plain)
    return "\n".join(lines)


def _span(interval: list[float] | None, digits: int) -> str:
    return "-" if interval is None else " to ".join(f"{end:.{digits}f}" for end in interval)


def _draws(random: Mapping[str, Any]) -> str:
    if "unknown" in random:
        return f"what random search would have found cannot be said: {random['unknown']}"
    return f"random draws: mean of the best of so many, by {random['draws']} of {random['source']}"


def _last(plain: Mapping[str, Any]) -> list[str]:
    if "share_beaten" not in plain:
        return []
    *_, share = plain["share_beaten"].values()
    return [f"the front: {len(plain['front'])} networks, beating {100 * share:.1f} % of the box"]
