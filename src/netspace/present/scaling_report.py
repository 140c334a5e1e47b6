"""The report of a scaling study: one HTML file that needs nothing else."""

from collections.abc import Mapping
from itertools import groupby

from netspace.config import study_text
from netspace.present.draw import draw
from netspace.present.page import Plot, page, plot
from netspace.present.run_tables import data_table, recipe_table, settings_table
from netspace.present.scaling_findings import duels, gains
from netspace.present.scaling_map import draw_map
from netspace.present.scaling_networks import (
    change_table,
    exponents_table,
    networks_table,
    reach_table,
)
from netspace.present.scaling_plots import draw_scaling
from netspace.present.scaling_record import Point, ScalingRecord, best_of_grid
from netspace.present.scaling_sentences import (
    choice,
    gathered,
    scaling_answer,
    scaling_circumstances,
    spread_sentence,
)
from netspace.present.scaling_tables import (
    duels_table,
    errors_table,
    failed_points_table,
    gains_table,
    grid_table,
)
from netspace.present.tables import Table
from netspace.present.wording import duration

CURVES = "Error against flops for each way of scaling, and for the points of the grid"
MAP = "The error of each network of the grid by its depth, resolution and width"


def render_scaling(record: ScalingRecord) -> str:
    """The report as one HTML page: no part of it is loaded from elsewhere."""
    failed = failed_points_table(record)
    return page(
        "scaling_report.html.jinja",
        answer=scaling_answer(record),
        circumstances=scaling_circumstances(record),
        contents=_contents(record, failed),
        record=record,
        failed=failed,
        **_findings(record),
        **_networks(record),
        **_run(record),
    )


def _contents(record: ScalingRecord, failed: Table | None) -> list[tuple[str, str]]:
    """Id and title of each section."""
    networks = "The best of the grid and the base" if _shown(record) else "The base"
    sections = [
        ("verdict", "Against the known methods"),
        ("curves", "Error against flops"),
        ("gains", "What each step gains"),
        ("grid", "The grid"),
        ("network", networks),
        ("costs", "What each dimension costs"),
        ("reach", "Receptive field and resolution"),
        ("failed", "Failed trainings"),
        ("plan", "Plan"),
        ("data", "Data"),
        ("recipe", "Recipe"),
        ("settings", "Settings and versions"),
        ("repeat", "How to repeat it"),
    ]
    return [section for section in sections if failed or section[0] != "failed"]


def _findings(record: ScalingRecord) -> Mapping[str, object]:
    """Verdicts, series, gains and grid; a figure is None where nothing has finished."""
    fought, gained, mapped = duels(record), gains(record), draw_map(record)
    return {
        "verdicts": [gathered(tuple(own)) for _, own in groupby(fought, lambda one: one.factor)],
        "duels": duels_table(fought),
        "spread": spread_sentence(record),
        "curves": _curves(record),
        "errors": errors_table(record),
        "built": networks_table(record),
        "gains": gains_table(record, gained) if gained else None,
        "map": None if mapped is None else plot("grid", MAP, mapped, 720),
        "grid": grid_table(record),
        "choice": choice(record),
    }


def _curves(record: ScalingRecord) -> Plot | None:
    if not any(point.errors for point in record.points):
        return None
    return plot("curves", CURVES, draw_scaling(record), 640)


def _networks(record: ScalingRecord) -> Mapping[str, object]:
    """The base beside the best of the grid, and what their dimensions cost and see."""
    best = _shown(record)
    return {
        "base_picture": draw(record.network),
        "best_picture": None if best is None else draw(best.network),
        "change": None if best is None else change_table(record.network, best.network),
        "exponents": exponents_table(record.network),
        "reach": reach_table(record),
    }


def _shown(record: ScalingRecord) -> Point | None:
    """The best of the grid: confirmed, or so far."""
    return record.best or best_of_grid(record.points)


def _run(record: ScalingRecord) -> Mapping[str, object]:
    return {
        "seconds": duration(record.seconds),
        "data": data_table(record.data),
        "recipe": recipe_table({"all trainings": record.study.recipe}),
        "settings": settings_table(record.trials, record.versions),
        "study": study_text(record.study),
        "same": "the same networks are trained",
    }
