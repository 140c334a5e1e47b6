"""The tables on networks and spaces: what was chosen, against what, and from where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netspace.analyse.summary import BEST_OF, summarise
from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.present.anatomy import anatomy
from netspace.present.good_ranges import Knob, span
from netspace.present.populations import Candidate, Population, errors, key
from netspace.present.record import DataFacts, SpaceFacts, Winner
from netspace.present.wording import counted, exact, map_size, percent
from netspace.trial import Trial

COSTS = ("flops", "params", "activations")
NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells as text: the first `words` columns are words, the others numbers; `marked` is a row.

    total: the last row sums up the others.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    marked: int | None = None
    total: bool = False


def cost_table(network: Network) -> Table:
    """Exact flops, params and activations."""
    cost = count(network)
    rows = [(name, exact(getattr(cost, name)), format_size(getattr(cost, name))) for name in COSTS]
    return Table(columns=("per image", "exact", "short"), rows=tuple(rows))


def error_table(winner: Winner, data: DataFacts) -> Table:
    """The winner's errors: what selection saw, and the one reading on test."""
    rows = [
        (
            "validation, mean over seeds",
            percent(winner.validation_error),
            _images(data, "validation"),
        )
    ]
    for trial in sorted(winner.trials, key=lambda trial: trial.seed):
        kept = ", its weights are kept" if trial.id == winner.best.id else ""
        error = NONE if trial.error is None else percent(trial.error)
        rows.append((f"validation, seed {trial.seed}{kept}", error, ""))
    rows.append(("test, read once", percent(winner.test_error), _images(data, "test")))
    return Table(columns=("top-1 error", "", "images"), rows=tuple(rows), marked=len(rows) - 1)


def _images(data: DataFacts, split: str) -> str:
    return exact(data.images[split]) if split in data.images else NONE


def parts_table(network: Network) -> Table:
    """Stem, stages and head with their exact costs."""
    views = anatomy(network)
    names = tuple(dict.fromkeys(name for view in views for name in view.details))
    rows = []
    for view in views:
        last = view is views[-1]
        rows.append(
            (
                view.name,
                view.kind,
                NONE if view.width is None else exact(view.width),
                exact(view.blocks) if view.blocks else NONE,
                NONE if last else str(view.stride),
                counted(network.classes, "class") if last else map_size(view.output),
                *(view.details.get(name, NONE) for name in names),
                *(exact(getattr(view.complexity, cost)) for cost in COSTS),
            )
        )
    whole = count(network)
    blank = ("",) * (4 + len(names))
    total = ("whole", "", *blank, *(exact(getattr(whole, cost)) for cost in COSTS))
    columns = ("part", "built of", "width", "depth", "stride", "output", *names, *COSTS)
    return Table(columns=columns, rows=(*rows, total), words=2, total=True)


def final_table(
    found: Sequence[Candidate], population: Sequence[Trial], winner: Winner | None
) -> Table:
    """The candidates of the final round, best first."""
    before = {key(trial): trial.error for trial in population}
    seeds = sorted({trial.seed for one in found for trial in one.trials})
    rows = []
    for one in found:
        by_seed = {trial.seed: trial for trial in one.trials}
        rows.append(
            (
                one.first.name,
                _error(before.get(key(one.first))),
                *(_outcome(by_seed.get(seed)) for seed in seeds),
                _error(one.error),
                *(format_size(getattr(one.first.complexity, cost)) for cost in COSTS),
            )
        )
    chosen = None if winner is None else key(winner.best)
    marked = next((row for row, one in enumerate(found) if key(one.first) == chosen), None)
    named = (f"final, seed {seed}" for seed in seeds)
    columns = ("network", "in the population", *named, "final, mean", *COSTS)
    return Table(columns=columns, rows=tuple(rows), marked=marked)


def _error(error: float | None) -> str:
    return NONE if error is None else percent(error)


def _outcome(trial: Trial | None) -> str:
    if trial is None:
        return NONE
    known = errors([trial])
    return percent(known[0]) if known else trial.state


def summary_table(populations: Sequence[Population], facts: Mapping[str, SpaceFacts]) -> Table:
    """One row for each space: its outcomes, and how large and how hard to draw from it is."""
    rows = tuple(_summary(population, facts.get(population.space)) for population in populations)
    columns = (
        "space",
        "finished",
        "failed",
        "best",
        "median",
        "mean",
        *(f"best of {k}, expected" for k in BEST_OF),
        "draws accepted",
        "degrees of freedom",
        "log10 of size",
    )
    return Table(columns=columns, rows=rows)


def _summary(population: Population, facts: SpaceFacts | None) -> tuple[str, ...]:
    numbers = (NONE,) * (3 + len(BEST_OF))
    if population.errors:
        said = summarise(population.errors, failed=population.failed)
        expected = (_error(said.expected_best.get(k)) for k in BEST_OF)
        numbers = (percent(said.best), percent(said.median), percent(said.mean), *expected)
    size = (NONE,) * 3
    if facts is not None:
        rate = f"{100 * facts.acceptance_rate:.3g} %"
        size = (rate, str(facts.degrees_of_freedom), f"{facts.log10_size:.1f}")
    counts = (exact(len(population.errors)), exact(population.failed))
    return (population.space, *counts, *numbers, *size)


def ranges_table(found: Sequence[Knob]) -> Table:
    """The good range of every parameter beside what the space and its networks have."""
    rows = [
        (
            knob.name,
            f"{knob.allowed[0]:g} to {knob.allowed[-1]:g}",
            f"{min(knob.values):g} to {max(knob.values):g}",
            span(knob.good),
            f"{knob.good.median:g}",
        )
        for knob in found
    ]
    columns = ("parameter", "in the space", "in the networks", "good range", "median of the best")
    return Table(columns=columns, rows=tuple(rows))
