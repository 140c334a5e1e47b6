"""The report of an imported table: one HTML file that needs nothing else."""

from collections.abc import Mapping

from netspace.present.cost_plot import draw_table_costs
from netspace.present.equal_flops_section import equal_flops_shown
from netspace.present.page import Plot, page, plot
from netspace.present.parameter_findings import parameter_findings
from netspace.present.plots import draw_edf
from netspace.present.populations import done
from netspace.present.refinement_section import walks_shown
from netspace.present.sentences import judgements
from netspace.present.table_record import TableRecord
from netspace.present.table_words import (
    MOST_PARAMETERS,
    axis_title,
    best_table,
    imported_table,
    largest_words,
    parameter_names,
    table_answer,
    table_circumstances,
)
from netspace.present.tables import summary_table
from netspace.present.thinning import MOST_POINTS, thinned_words
from netspace.spaces.listed import listed_space


def render_table(record: TableRecord) -> str:
    """The report as one HTML page: no part of it is loaded from elsewhere."""
    costs = _costs(record)
    return page(
        "table_report.html.jinja",
        answer=table_answer(record),
        circumstances=table_circumstances(record),
        contents=_contents(record, costs),
        record=record,
        largest=largest_words(record),
        costs=costs,
        imported=imported_table(record),
        **_findings(record),
    )


def _contents(record: TableRecord, costs: Plot | None) -> list[tuple[str, str]]:
    """Id and title of each section."""
    there = {
        "verdict": len(record.populations) > 1,
        "costs": costs is not None,
        "lineage": bool(record.steps),
        "ranges": bool(parameter_names(record)),
    }
    sections = [
        ("best", "The best networks"),
        ("verdict", "Which space is better"),
        ("distributions", "Error distributions"),
        ("spaces", "The spaces in numbers"),
        ("costs", "Error against cost"),
        ("lineage", "Refinement"),
        ("ranges", "What good networks have"),
        ("imported", "What was imported"),
        ("repeat", "How to repeat it"),
    ]
    return [section for section in sections if there.get(section[0], True)]


def _costs(record: TableRecord) -> Plot | None:
    drawn = draw_table_costs(record.shown, axis=axis_title(record))
    return None if drawn is None else plot("cost", "Error against the costs that are known", drawn)


def _findings(record: TableRecord) -> Mapping[str, object]:
    people, axis = record.shown, axis_title(record)
    networks = sum(map(done, people))
    spaces = {one.space: listed_space(one.space, one.table.parameters) for one in people}
    words = "Distribution of errors in each space"
    return {
        "best": best_table(record),
        "hidden": max(0, len(parameter_names(record)) - MOST_PARAMETERS),
        "judgements": judgements(people),
        "edf": plot("edf", words, draw_edf(people, axis=axis)),
        "equal_flops": equal_flops_shown(people, axis=axis),
        "summary": summary_table(people, {}),
        "thinned": thinned_words(min(networks, MOST_POINTS), networks),
        "walks": walks_shown(record.steps, axis=axis),
        "ranges": tuple(parameter_findings(people, spaces, axis=axis)),
    }
