"""The tables on networks and spaces: what was chosen, against what, and from where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netspace.analyse.importance import Importance
from netspace.analyse.summary import BEST_OF, Interval, summarise
from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.present.anatomy import anatomy
from netspace.present.good_ranges import Knob, span
from netspace.present.importance_plot import called
from netspace.present.populations import Candidate, Tabled, done, errors, key
from netspace.present.record import DataFacts, SpaceFacts, Winner
from netspace.present.wording import counted, exact, map_size, percent, share
from netspace.trial import Trial

COSTS = ("flops", "params", "activations")
NONE = "–"
_QUANTILES = {0.25: "25 % are below", 0.5: "median", 0.75: "75 % are below"}
_STATISTICS = ("best", *_QUANTILES.values(), "mean", *(f"best of {k}, expected" for k in BEST_OF))


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
    """The candidates of the final round, in this order."""
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


def summary_table(populations: Sequence[Tabled], facts: Mapping[str, SpaceFacts]) -> Table:
    """A column for each space: its outcomes, and how large and how hard to draw from it is."""
    columns = [{**_outcomes(one), **_size(facts.get(one.space))} for one in populations]
    names = dict.fromkeys(name for column in columns for name in column)
    rows = tuple((name, *(column.get(name, NONE) for column in columns)) for name in names)
    return Table(columns=("", *(one.space for one in populations)), rows=rows)


def _outcomes(population: Tabled) -> dict[str, str]:
    """Finished and failed networks, and their errors with intervals."""
    table = population.table
    counts = {"finished": exact(done(population)), "failed": exact(table.failed)}
    if not done(population):
        return {**counts, **dict.fromkeys(_STATISTICS, NONE)}
    said = summarise(table.errors)
    quantiles = {
        name: _interval(said.quantiles[q], said.quantile_intervals.get(q))
        for q, name in _QUANTILES.items()
    }
    return {
        **counts,
        "best": percent(said.best),
        **quantiles,
        "mean": _interval(said.mean, said.mean_interval),
        **{
            f"best of {k}, expected": _interval(
                said.expected_best.get(k), said.expected_best_intervals.get(k)
            )
            for k in BEST_OF
        },
    }


def _interval(value: float | None, interval: Interval | None) -> str:
    """'38.12 % (37.05 to 39.40)'."""
    if value is None:
        return NONE
    if interval is None:
        return percent(value)
    return f"{percent(value)} ({interval.low:.2f} to {interval.high:.2f})"


def _size(facts: SpaceFacts | None) -> dict[str, str]:
    if facts is None:
        return {}
    return {
        "draws accepted": f"{100 * facts.acceptance_rate:.3g} %",
        "degrees of freedom": str(facts.degrees_of_freedom),
        "log10 of size": f"{facts.log10_size:.1f}",
    }


def importance_table(found: Sequence[Importance]) -> Table:
    """Every parameter and stage, the most important first."""
    rows = [
        (called(one), share(one.share), f"{one.divergence:.2f}", _p_value(one.p_value))
        for one in found
    ]
    columns = ("parameter", "share", "Pearson divergence", "p, after Holm's correction")
    return Table(columns=columns, rows=tuple(rows))


def _p_value(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def ranges_table(found: Sequence[Knob]) -> Table:
    """The good range of every parameter beside what the space and its networks have."""
    rows = [
        (
            knob.name,
            f"{knob.allowed[0]:g} to {knob.allowed[-1]:g}",
            f"{knob.values.min():g} to {knob.values.max():g}",
            span(knob.good),
            f"{knob.good.median:g}",
        )
        for knob in found
    ]
    columns = ("parameter", "in the space", "in the networks", "good range", "median of the best")
    return Table(columns=columns, rows=tuple(rows))
