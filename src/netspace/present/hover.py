"""What hovering over a point of a figure tells; names are escaped."""

from collections.abc import Iterable
from typing import Any

from netspace.design.blocks import Bottleneck
from netspace.design.units import format_size
from netspace.present.palette import literal
from netspace.present.populations import Tabled
from netspace.present.wording import exact, percent
from netspace.table import TrialTable
from netspace.trial import Trial

COSTS = ("flops", "params", "activations")


def describe(trial: Trial) -> str:
    """All about a network that was trained here; lines end in <br>."""
    stages = trial.network.stages
    groups = [s.block.group_width for s in stages if isinstance(s.block, Bottleneck)]
    lines = [
        f"<b>{literal(trial.name)}</b>",
        f"error {percent(trial.error)}" if trial.error is not None else "no error",
        f"depth {trial.network.depth}: {_joined(stage.depth for stage in stages)}",
        f"widths {_joined(stage.width for stage in stages)}",
    ]
    if any(groups):
        lines.append(f"group width {_joined(groups[:1] if len(set(groups)) == 1 else groups)}")
    for cost in COSTS:
        count = getattr(trial.complexity, cost)
        lines.append(f"{cost} {exact(count)} ({format_size(count)})")
    return "<br>".join(lines)


def _joined(numbers: Iterable[int | None]) -> str:
    return ", ".join("none" if number is None else exact(number) for number in numbers)


def hovering(population: Tabled, table: TrialTable, *lines: str) -> dict[str, Any]:
    """What rows of the population's table tell as points whose y is the error, as plotly takes it.

    The template is common to all points, so that many of them take little room in a page.
    """
    costs = _costs(table)
    last = ["%{hovertext}"] if any(costs) else []
    said = ["<b>%{text}</b>", *lines, "error %{y:.2f} %", *last]
    return {
        "text": [literal(population.called(index)) for index in table.index.tolist()],
        "hovertext": costs if last else None,
        "hovertemplate": f"{'<br>'.join(said)}<extra></extra>",
    }


def _costs(table: TrialTable) -> list[str]:
    """'flops 5M, params 1.2M' for each row: what is known."""
    rows = zip(*(getattr(table, name).tolist() for name in COSTS), strict=True)
    return [
        ", ".join(
            f"{name} {format_size(cost)}"
            for name, cost in zip(COSTS, row, strict=True)
            if cost > 0  # NaN is not
        )
        for row in rows
    ]
