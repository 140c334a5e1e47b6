"""The report of a run: one HTML file that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from netspace.config import study_text
from netspace.present.curves import draw_curves
from netspace.present.draw import draw
from netspace.present.good_ranges import FEWEST, Knob, draw_good_ranges, knobs
from netspace.present.page import Plot, page, plot
from netspace.present.plots import draw_costs, draw_edf
from netspace.present.populations import (
    Population,
    candidates,
    finished,
    populations,
)
from netspace.present.record import RunRecord
from netspace.present.run_tables import data_table, failed_table, recipe_table, settings_table
from netspace.present.sentences import (
    answer,
    budget_words,
    circumstances,
    draws,
    judgements,
    progress,
    reason,
    untold,
)
from netspace.present.tables import (
    Table,
    cost_table,
    error_table,
    final_table,
    parts_table,
    ranges_table,
    summary_table,
)
from netspace.present.width_plot import draw_widths
from netspace.present.wording import counted, duration, percent
from netspace.recipe import Recipe
from netspace.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The good ranges of one space, or the sentence why there are none."""

    space: str
    missing: str = ""
    plot: Plot | None = None
    table: Table | None = None
    untold: str = ""


def render(record: RunRecord) -> str:
    """The report as one HTML page: no part of it is loaded from elsewhere."""
    people = populations(record)
    failed = [trial for trial in record.trials if trial.state == "failed"]
    return page(
        "report.html.jinja",
        answer=answer(record),
        circumstances=circumstances(record),
        contents=_contents(record, failed),
        record=record,
        shown=_shown(record),
        **_spaces(record, people),
        **_figures(record, people),
        **_run(record, failed),
    )


def _contents(record: RunRecord, failed: Sequence[Trial]) -> list[tuple[str, str]]:
    """Id and title of each section."""
    sections = [
        ("network", "The chosen network" if record.winner else "Best so far"),
        ("verdict", "Which space is better"),
        ("distributions", "Error distributions"),
        ("spaces", "The spaces in numbers"),
        ("costs", "Error against cost"),
        ("ranges", "Good parameter ranges"),
        ("curves", "Learning curves"),
        ("failed", "Failed trainings"),
        ("plan", "Budget and plan"),
        ("data", "Data"),
        ("recipe", "Recipe"),
        ("settings", "Settings and versions"),
        ("repeat", "How to repeat it"),
    ]
    return [section for section in sections if failed or section[0] != "failed"]


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
        known = finished(record.population)
        if not known:
            return None
        trial, errors = known[0], None
        why = (
            f"{percent(trial.error or 0.0)} validation error, the lowest of "
            f"{counted(len(known), 'finished network')}. Nothing is chosen yet, and test has not "
            f"been read. {progress(record)}"
        )
    return Shown(
        name=trial.name,
        why=why,
        picture=draw(trial.network),
        widths=draw_widths(trial.network),
        costs=cost_table(trial.network),
        errors=errors,
        parts=parts_table(trial.network),
    )


def _spaces(record: RunRecord, people: Sequence[Population]) -> Mapping[str, object]:
    found = candidates(record.final)
    return {
        "final": final_table(found, record.population, record.winner) if found else None,
        "judgements": judgements(people),
        "summary": summary_table(people, {facts.name: facts for facts in record.spaces}),
    }


def _figures(record: RunRecord, people: Sequence[Population]) -> Mapping[str, object]:
    """The plots; None where no network has finished."""
    if not any(population.errors for population in people):
        return {"edf": None, "costs": None, "curves": None, "ranges": ()}
    best = record.winner.best if record.winner else None
    return {
        "edf": plot("edf", "Distribution of errors in each space", draw_edf(people)),
        "costs": plot(
            "cost", "Error against flops, params and activations", draw_costs(people, best), 760
        ),
        "curves": plot(
            "curve", "Validation error after each epoch", draw_curves(people, record.final), 640
        ),
        "ranges": tuple(_ranges(record, people)),
    }


def _ranges(record: RunRecord, people: Sequence[Population]) -> Iterator[Ranges]:
    data = record.data
    choices = {choice.called: choice for choice in record.study.spaces}
    for population in people:
        if population.space not in choices:
            continue
        space = choices[population.space].space(
            resolution=data.resolution, channels=data.channels, classes=len(data.classes)
        )
        found = knobs(population, space)
        if found:
            yield _found_ranges(population, found)
        else:
            done = counted(len(population.finished), "finished network")
            missing = f"{done}: too few to say which values are good; it takes {FEWEST}."
            yield Ranges(space=population.space, missing=missing)


def _found_ranges(population: Population, found: Sequence[Knob]) -> Ranges:
    words = f"Error against each parameter of {population.space}, with its good range"
    telling = any(knob.telling for knob in found)
    name = f"ranges-{population.number}"
    return Ranges(
        space=population.space,
        plot=plot(name, words, draw_good_ranges(population, found), 860) if telling else None,
        table=ranges_table(found),
        untold=untold(found),
    )


def _run(record: RunRecord, failed: Sequence[Trial]) -> Mapping[str, object]:
    study = record.study
    return {
        "failed": failed_table(failed) if failed else None,
        "budget": budget_words(study.budget),
        "draws": draws(study.budget),
        "seconds": duration(record.seconds),
        "data": data_table(record.data),
        "recipe": recipe_table({"population": study.recipe, "final round": _final_recipe(record)}),
        "settings": settings_table(record.trials, record.versions),
        "study": study_text(study),
        "same": "the same networks are drawn",
    }


def _final_recipe(record: RunRecord) -> Recipe:
    """As the final round was or will be trained."""
    if record.final:
        return record.final[0].recipe
    recipe = record.study.recipe
    return replace(recipe, epochs=recipe.epochs * record.study.final.epochs_factor)
