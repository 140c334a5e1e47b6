"""What the command line prints of a scaling study."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netspace.present.aligned import columns

FILES = ("winner.yaml", "summary.json", "report.html")


def scaling_result_text(summary: Mapping[str, Any], folder: Path) -> str:
    """What came out of a scaling study, in a few lines."""
    lines = [_series_table(summary["series"])]
    lines += [pair["sentence"] for pair in summary["comparisons"]]
    if summary["trainings_failed"]:
        lines.append(f"failed trainings: {summary['trainings_failed']}")
    lines.append(_winner_line(summary))
    files = [name for name in FILES if (folder / name).is_file()]
    return "\n".join([*lines, f"in {folder}: {', '.join(files)}"])


def _series_table(series: Sequence[Mapping[str, Any]]) -> str:
    factors = sorted({one["factor"] for one in series})
    cells = {(one["series"], one["factor"]): _cell(one) for one in series}
    rows = [
        (name, *(cells.get((name, factor), "") for factor in factors))
        for name in dict.fromkeys(one["series"] for one in series)
    ]
    return columns(("error %", *(f"{factor:g}x flops" for factor in factors)), rows)


def _cell(one: Mapping[str, Any]) -> str:
    if not one["finished"]:
        return "failed" if one["failed"] else "-"
    half_width = one["half_width"]
    return f"{one['error_percent']:.2f}" + ("" if half_width is None else f" ± {half_width:.2f}")


def _winner_line(summary: Mapping[str, Any]) -> str:
    if summary["winner"] is None:
        return "no best network yet: its trainings with fresh seeds have no result"
    bases = ", ".join(f"{name} {summary[name]:.2f}" for name in ("alpha", "beta", "gamma"))
    return (
        f"best of the grid at {summary['factor']:g}x: {bases}; validation error "
        f"{summary['validation_error_percent']:.2f} %, {summary['flops']:,} flops, "
        f"{summary['params']:,} params, {summary['activations']:,} activations, resolution "
        f"{_pixels(summary['resolution'])}"
    )


def _pixels(resolution: int | Sequence[int]) -> str:
    return str(resolution) if isinstance(resolution, int) else "x".join(map(str, resolution))
