"""The report of a run: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from netspace.config import study_text
from netspace.present.cost_plot import draw_costs
from netspace.present.curves import draw_curves
from netspace.present.draw import draw
from netspace.present.equal_flops_section import equal_flops_shown
from netspace.present.fidelity import fidelity_of
from netspace.present.fidelity_plot import draw_fidelity
from netspace.present.fidelity_words import CEILING, command, left_out, said
from netspace.present.page import Plot, page, plot
from netspace.present.parameter_findings import parameter_findings
from netspace.present.plots import draw_edf
from netspace.present.populations import (
    Population,
    Tabled,
    done,
    finished,
    populations,
    tabled,
)
from netspace.present.record import RunRecord
from netspace.present.refinement_section import walks_shown
from netspace.present.run_tables import data_table, failed_table, recipe_table, settings_table
from netspace.present.search_random import Baseline
from netspace.present.search_section import search_shown
from netspace.present.search_trace import best_trial, finalists
from netspace.present.sentences import (
    answer,
    best_so_far,
    budget_words,
    circumstances,
    draws,
    judgements,
    reason,
)
from netspace.present.tables import (
    Table,
    cost_table,
    error_table,
    final_table,
    parts_table,
    summary_table,
)
from netspace.present.width_plot import draw_widths
from netspace.present.wording import duration
from netspace.recipe import Recipe
from netspace.spaces.space import Space
from netspace.trial import Trial

OF_SAMPLES = {"verdict", "distributions", "spaces", "ranges"}
"""Sections that say something of a space by networks drawn at random."""


def render(record: RunRecord, baseline: Baseline | None = None) -> str:
    """The report as one HTML page: no part of it is loaded from elsewhere.

    baseline: random networks that a search is set against.
    """
    people = populations(record)
    tables = [tabled(population) for population in people]
    failed = [trial for trial in record.trials if trial.state == "failed"]
    return page(
        "report.html.jinja",
        answer=answer(record),
        circumstances=circumstances(record),
        contents=_contents(record, failed),
        record=record,
        shown=_shown(record),
        search=search_shown(record, baseline),
        walks=walks_shown(record.steps),
        **_spaces(record, tables),
        **_figures(record, people, tables),
        fidelity=_fidelity(record),
        **_run(record, failed),
    )


def _contents(record: RunRecord, failed: Sequence[Trial]) -> list[tuple[str, str]]:
    """Id and title of each section."""
    sections = [
        ("network", "The chosen network" if record.winner else "Best so far"),
        ("search", "The search"),
        ("verdict", "Which space is better"),
        ("distributions", "Error distributions"),
        ("spaces", "The spaces in numbers"),
        ("costs", "Error against cost"),
        ("lineage", "Refinement"),
        ("ranges", "What good networks have"),
        ("curves", "Learning curves"),
        ("failed", "Failed trainings"),
        ("plan", "Budget and plan"),
        ("data", "Data"),
        ("recipe", "Recipe"),
        ("settings", "Settings and versions"),
        ("repeat", "How to repeat it"),
    ]
    absent = {name for name, there in (("failed", failed), ("lineage", record.steps)) if not there}
    absent |= OF_SAMPLES if record.study.search else {"search"}
    return [section for section in sections if section[0] not in absent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The network that the report shows: the winner, or the best so far."""

    name: str
    why: str
    picture: str
    widths: str
    costs: Table
    errors: Table | None
    parts: Table


def _shown(record: RunRecord) -> Shown | None:
    if record.winner is not None:
        trial, why = record.winner.best, reason(record, record.winner)
        errors = error_table(record.winner, record.data)
    else:
        best = _best(record)
        if best is None:
            return None
        trial, errors, why = best, None, best_so_far(record, best)
    return Shown(
        name=trial.name,
        why=why,
        picture=draw(trial.network),
        widths=draw_widths(trial.network),
        costs=cost_table(trial.network),
        errors=errors,
        parts=parts_table(trial.network),
    )


def _best(record: RunRecord) -> Trial | None:
    """The best of the population so far: of a search by its objective."""
    if record.study.search is not None:
        return best_trial(record)
    known = finished(record.population)
    return known[0] if known else None


def _spaces(record: RunRecord, people: Sequence[Tabled]) -> Mapping[str, object]:
    found = finalists(record)
    return {
        "final": final_table(found, record.population, record.winner) if found else None,
        "judgements": judgements(people),
        "summary": summary_table(people, {facts.name: facts for facts in record.spaces}),
    }


def _figures(
    record: RunRecord, people: Sequence[Population], tables: Sequence[Tabled]
) -> Mapping[str, object]:
    """The plots; None where no network has finished. tables: of the same populations."""
    if not any(map(done, tables)):
        return {**NO_SAMPLE, "costs": None, "curves": None}
    best = record.winner.best if record.winner else None
    return {
        **(NO_SAMPLE if record.study.search else _of_samples(record, tables)),
        "costs": plot(
            "cost", "Error against flops, params and activations", draw_costs(people, best), 760
        ),
        "curves": plot(
            "curve", "Validation error after each epoch", draw_curves(people, record.final), 640
        ),
    }


NO_SAMPLE: Mapping[str, object] = {"edf": None, "equal_flops": (), "ranges": ()}


def _of_samples(record: RunRecord, tables: Sequence[Tabled]) -> Mapping[str, object]:
    """What takes networks that were drawn at random."""
    return {
        "edf": plot("edf", "Distribution of errors in each space", draw_edf(tables)),
        "equal_flops": equal_flops_shown(tables),
        "ranges": tuple(parameter_findings(tables, _spaces_of(record))),
    }


def _spaces_of(record: RunRecord) -> Mapping[str, Space]:
    """The spaces of the study, as fitted to the images."""
    data = record.data
    return {
        choice.called: choice.space(
            resolution=data.resolution, channels=data.channels, classes=len(data.classes)
        )
        for choice in record.study.spaces
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Whether the short schedule ranks as a longer one; command: what measures it if need be."""

    said: str
    remarks: tuple[str, ...]
    command: str
    plot: Plot | None


def _fidelity(record: RunRecord) -> Ranks:
    found = fidelity_of(record)
    if found is None or not found.over:
        return Ranks(said=said(record, found), remarks=(), command=command(record), plot=None)
    remarks = (left_out(found), CEILING) if found.agreement else (left_out(found),)
    words = f"Error after {found.long_epochs} epochs against error after {found.short_epochs}"
    drawn = plot("fidelity", words, draw_fidelity(found)) if found.complete else None
    return Ranks(
        said=said(record, found), remarks=tuple(filter(None, remarks)), command="", plot=drawn
    )


def _run(record: RunRecord, failed: Sequence[Trial]) -> Mapping[str, object]:
    study = record.study
    return {
        "failed": failed_table(failed) if failed else None,
        "budget": budget_words(study.budget),
        "draws": draws(study),
        "seconds": duration(record.seconds),
        "data": data_table(record.data),
        "recipe": recipe_table({"population": study.recipe, "final round": _final_recipe(record)}),
        "settings": settings_table(record.trials, record.versions),
        "study": study_text(study),
        "same": _same(record),
    }


def _same(record: RunRecord) -> str:
    """What a repetition has in common with the run."""
    if record.study.search is None:
        return "the same networks are drawn"
    return (
        "the search begins alike; from the first result on it may go another way, as workers end "
        "in another order"
    )


def _final_recipe(record: RunRecord) -> Recipe:
    """As the final round was or will be trained."""
    if record.final:
        return record.final[0].recipe
    recipe = record.study.recipe
    return replace(recipe, epochs=recipe.epochs * record.study.final.epochs_factor)
