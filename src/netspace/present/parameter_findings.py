"""What the report says of a space's parameters: which values are good, and which matter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from netspace.analyse.importance import Importance, fewest, importances
from netspace.present.good_ranges import FEWEST, Knob, draw_good_ranges, drawn_knobs, knobs
from netspace.present.importance_plot import draw_importances
from netspace.present.page import Plot, plot
from netspace.present.palette import AXIS_ERROR
from netspace.present.populations import Tabled, done
from netspace.present.sentences import separation, untold
from netspace.present.tables import Table, importance_table, ranges_table
from netspace.present.thinning import MOST_POINTS, thinned_words
from netspace.present.wording import counted
from netspace.spaces.space import Space

POINTS_IN_ALL = 12_000
"""Points that all panels of all spaces show together, as they make the page large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The good ranges of one space, or the sentence why there are none; and what matters.

    thinned: that the figure leaves points out, if it does.
    """

    space: str
    missing: str = ""
    plot: Plot | None = None
    table: Table | None = None
    thinned: str = ""
    untold: str = ""
    separation: str = ""
    importance: Plot | None = None
    importances: Table | None = None


def parameter_findings(
    people: Sequence[Tabled], spaces: Mapping[str, Space], *, axis: str = AXIS_ERROR
) -> Iterator[Findings]:
    """The findings of each population whose space is known; axis: names the errors in figures."""
    found = {
        one.space: knobs(one.table, spaces[one.space]) for one in people if one.space in spaces
    }
    panels = sum(len(drawn_knobs(own)) for own in found.values())
    most = min(MOST_POINTS, POINTS_IN_ALL // max(1, panels))
    for population in people:
        if found.get(population.space):
            yield _found(population, found[population.space], most, axis)
        elif population.space in spaces:
            yield Findings(space=population.space, missing=_missing(population))


def _missing(population: Tabled) -> str:
    if done(population) >= FEWEST:
        return "No parameter is known that differs among the networks."
    few = counted(done(population), "finished network")
    return f"{few}: too few to say which values are good; it takes {FEWEST}."


def _found(population: Tabled, found: Sequence[Knob], most: int, axis: str) -> Findings:
    matter = _importances(population)
    separates = any(one.significant for one in matter)
    drawn = _ranges(population, found, most, axis)
    return Findings(
        space=population.space,
        plot=drawn,
        table=ranges_table(found),
        thinned=thinned_words(min(most, done(population)), done(population)) if drawn else "",
        untold=untold(found),
        separation=separation(done(population), matter),
        importance=_drawn(population, matter) if separates else None,
        importances=importance_table(matter) if matter else None,
    )


def _ranges(population: Tabled, found: Sequence[Knob], most: int, axis: str) -> Plot | None:
    if not drawn_knobs(found):
        return None
    words = f"Error against each parameter of {population.space}, with its good range"
    figure = draw_good_ranges(population, found, most=most, axis=axis)
    return plot(f"ranges-{population.number}", words, figure, 860)


def _importances(population: Tabled) -> tuple[Importance, ...]:
    """Of the parameters that vary; none where the networks are too few."""
    if done(population) < fewest():
        return ()
    return importances(population.table)


def _drawn(population: Tabled, matter: Sequence[Importance]) -> Plot:
    words = f"Which parameters of {population.space} separate its best networks from the rest"
    name = f"importance-{population.number}"
    return plot(name, words, draw_importances(population.number, matter), 440)
