"""The report of a contest: one HTML file that needs nothing else."""

from collections.abc import Mapping

from netspace.config import study_text
from netspace.present.contest_findings import agreement_sentence, agreement_with_first
from netspace.present.contest_pictures import pictures
from netspace.present.contest_record import ContestRecord
from netspace.present.contest_sentences import (
    choice,
    contest_answer,
    contest_circumstances,
    reading,
    verdicts,
)
from netspace.present.contest_tables import (
    carried_table,
    gains_table,
    latency_table,
    pairs_table,
    rules_table,
    standings_table,
)
from netspace.present.draw import draw
from netspace.present.latency_text import circumstances, orders
from netspace.present.page import page
from netspace.present.run_tables import data_table, failed_table, recipe_table, settings_table
from netspace.present.wording import duration
from netspace.recipe import Recipe


def render_contest(record: ContestRecord) -> str:
    """The report as one HTML page: no part of it is loaded from elsewhere."""
    failed = any(trial.state == "failed" for trial in record.trials)
    return page(
        "contest_report.html.jinja",
        answer=contest_answer(record),
        circumstances=contest_circumstances(record),
        contents=_contents(record, failed=failed),
        record=record,
        failed=failed_table(record.trials) if failed else None,
        **_findings(record),
        **_latencies(record),
        **_run(record),
    )


def _contents(record: ContestRecord, *, failed: bool) -> list[tuple[str, str]]:
    """Id and title of each section."""
    carried = len(record.heats) > 1
    return [
        ("verdict", "Which differences are real"),
        ("pareto", "Error against cost"),
        *([("transfer", "On other data")] if carried else []),
        ("rules", "Rules of handcraft"),
        ("latency", "Latency on this machine"),
        ("networks", "The networks"),
        *([("failed", "Failed trainings")] if failed else []),
        ("plan", "Plan"),
        ("data", "Data"),
        ("recipe", "Recipe"),
        ("settings", "Settings and versions"),
        ("repeat", "How to repeat it"),
    ]


def _findings(record: ContestRecord) -> Mapping[str, object]:
    further = record.heats[1:]
    return {
        "verdicts": verdicts(record),
        "choice": choice(record),
        "standings": standings_table(record),
        "reading": reading(record),
        "pairs": pairs_table(record, record.first),
        "pictures": pictures(record),
        "carried": carried_table(record) if further else None,
        "gains": gains_table(record) if further else None,
        "orders": [
            agreement_sentence(heat, agreement_with_first(record, heat)) for heat in further
        ],
        "rules": rules_table(record),
        "drawn": [(one, draw(one.network)) for one in record.entries],
    }


def _latencies(record: ContestRecord) -> Mapping[str, object]:
    report = record.latency
    return {
        "latency": None if report is None else latency_table(report),
        "speeds": [] if report is None else list(orders(report)),
        "circumstances_of_latency": [] if report is None else circumstances(report).splitlines(),
    }


def _run(record: ContestRecord) -> Mapping[str, object]:
    shown = {heat.data.name: heat.data for heat in record.heats}
    return {
        "data": [(name, data_table(data)) for name, data in shown.items()],
        "recipe": recipe_table(_recipes(record)),
        "settings": settings_table(record.trials, record.versions),
        "seconds": duration(record.seconds),
        "study": study_text(record.study),
    }


def _recipes(record: ContestRecord) -> Mapping[str, Recipe]:
    """By data set and way of training."""
    return {heat.title: heat.trials[0].recipe for heat in record.heats if heat.trials}
