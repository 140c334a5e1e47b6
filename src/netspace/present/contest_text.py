"""What the command line prints of a contest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netspace.design.units import format_size
from netspace.present.aligned import columns

FILES = ("winner.yaml", "winner.safetensors", "summary.json", "report.html")


def contest_result_text(summary: Mapping[str, Any], folder: Path) -> str:
    """What came out of a contest."""
    lines = [f"Errors on validation in percent, ± 95 %; {summary['equal']}.", _table(summary)]
    own = summary["data_sets"][0]
    real = [pair["sentence"] for pair in own["differences"] if pair["real"]]
    lines += real or ["No difference on the first data set is beyond what other seeds might give."]
    open_pairs = len(own["differences"]) - len(real)
    if real and open_pairs:
        lines.append(f"The other {_open(open_pairs)} not beyond what seeds might give.")
    lines += [one["order_sentence"] for one in summary["data_sets"][1:]]
    if summary["latency"]:
        lines.append(f"Latency: {summary['latency'].partition(chr(10))[0]}")
    if summary["trainings_failed"]:
        lines.append(f"failed trainings: {summary['trainings_failed']}")
    lines.append(_winner_line(summary))
    files = [name for name in FILES if (folder / name).is_file()]
    return "\n".join([*lines, f"in {folder}: {', '.join(files)}"])


def _table(summary: Mapping[str, Any]) -> str:
    heats = summary["data_sets"]
    backends = list(dict.fromkeys(b for one in summary["networks"] for b in one["latency_ms"]))
    titles = ("network", "origin", "flops", "params", "activations")
    head = (*titles, *(f"{name}, ms" for name in backends), *(heat["title"] for heat in heats))
    errors = [{one["name"]: one for one in heat["standings"]} for heat in heats]
    rows = [
        (
            one["name"],
            one["origin"],
            *(format_size(one[cost]) for cost in titles[2:]),
            *(_latency(one["latency_ms"].get(backend)) for backend in backends),
            *(_error(own[one["name"]]) for own in errors),
        )
        for one in summary["networks"]
    ]
    return columns(head, rows)


def _latency(one: Mapping[str, Any] | None) -> str:
    return "-" if one is None else f"{one['median_ms']:.3g}"


def _error(one: Mapping[str, Any]) -> str:
    if one["error_percent"] is None:
        return "failed" if one["failed"] else "-"
    spread = "" if one["low"] is None else f" ± {(one['high'] - one['low']) / 2:.2f}"
    failed = f" ({one['failed']} failed)" if one["failed"] else ""
    return f"{one['error_percent']:.2f}{spread}{failed}"


def _winner_line(summary: Mapping[str, Any]) -> str:
    if summary["winner"] is None:
        return "no winner yet: the trainings on the first data set are not over"
    return (
        f"lowest mean error of those with all seeds: {summary['winner']}, "
        f"{summary['validation_error_percent']:.2f} % on validation; its best seed, whose weights "
        f"are kept: {summary['kept_validation_error_percent']:.2f} % on validation, "
        f"{summary['test_error_percent']:.2f} % on test (read once, for it alone)"
    )


def _open(pairs: int) -> str:
    return "1 difference is" if pairs == 1 else f"{pairs} differences are"
