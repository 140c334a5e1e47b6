"""What the report says of a space's parameters: which values are good, and which matter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netspace.analyse.importance import Importance, fewest, importances
from netspace.present.good_ranges import FEWEST, Knob, draw_good_ranges, knobs
from netspace.present.importance_plot import draw_importances
from netspace.present.page import Plot, plot
from netspace.present.populations import Population
from netspace.present.record import RunRecord
from netspace.present.sentences import separation, untold
from netspace.present.tables import Table, importance_table, ranges_table
from netspace.present.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The good ranges of one space, or the sentence why there are none; and what matters."""

    space: str
    missing: str = ""
    plot: Plot | None = None
    table: Table | None = None
    untold: str = ""
    separation: str = ""
    importance: Plot | None = None
    importances: Table | None = None


def parameter_findings(record: RunRecord, people: Sequence[Population]) -> Iterator[Findings]:
    """The findings of each space of the study."""
    data = record.data
    choices = {choice.called: choice for choice in record.study.spaces}
    for population in people:
        if population.space not in choices:
            continue
        space = choices[population.space].space(
            resolution=data.resolution, channels=data.channels, classes=len(data.classes)
        )
        found = knobs(population.table, space)
        if found:
            yield _found(population, found)
        else:
            done = counted(len(population.finished), "finished network")
            missing = f"{done}: too few to say which values are good; it takes {FEWEST}."
            yield Findings(space=population.space, missing=missing)


def _found(population: Population, found: Sequence[Knob]) -> Findings:
    words = f"Error against each parameter of {population.space}, with its good range"
    telling = any(knob.telling for knob in found)
    name = f"ranges-{population.number}"
    matter = _importances(population)
    separates = any(one.significant for one in matter)
    return Findings(
        space=population.space,
        plot=plot(name, words, draw_good_ranges(population, found), 860) if telling else None,
        table=ranges_table(found),
        untold=untold(found),
        separation=separation(len(population.finished), matter),
        importance=_drawn(population, matter) if separates else None,
        importances=importance_table(matter) if matter else None,
    )


def _importances(population: Population) -> tuple[Importance, ...]:
    """Of the parameters that vary; none where the networks are too few."""
    if len(population.finished) < fewest():
        return ()
    return importances(population.table)


def _drawn(population: Population, matter: Sequence[Importance]) -> Plot:
    words = f"Which parameters of {population.space} separate its best networks from the rest"
    name = f"importance-{population.number}"
    return plot(name, words, draw_importances(population.number, matter), 440)
