"""The tables on the run itself: failed trainings, data, recipe, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from netspace.present.record import DataFacts
from netspace.present.tables import Table
from netspace.present.wording import counted, exact, listed, spaced
from netspace.recipe import Recipe
from netspace.trial import Trial

MOST_FAILED = 60
MOST_CLASSES = 24


def failed_table(trials: Sequence[Trial]) -> Table:
    """The trainings that broke down, with their reasons; the first ones where there are many."""
    failed = [trial for trial in trials if trial.state == "failed"]
    rows = [
        (trial.name, _round(trial), str(trial.attempts), trial.reason or "no reason is known")
        for trial in failed[:MOST_FAILED]
    ]
    if len(failed) > MOST_FAILED:
        rows.append((f"and {len(failed) - MOST_FAILED:,} more", "", "", ""))
    return Table(columns=("network", "round", "attempts", "reason"), rows=tuple(rows), words=4)


def _round(trial: Trial) -> str:
    return f"final, seed {trial.seed}" if trial.round == "final" else trial.round


def data_table(data: DataFacts) -> Table:
    """The data set: source and licence, images by split, classes, fingerprint."""
    splits = listed(f"{exact(count)} {name}" for name, count in data.images.items())
    shown = ", ".join(data.classes[:MOST_CLASSES])
    more = len(data.classes) - MOST_CLASSES
    rows = (
        ("name", data.name),
        ("source and licence", data.origin),
        ("images", splits if data.images else "unknown"),
        ("size", f"{data.resolution}×{data.resolution}, {counted(data.channels, 'channel')}"),
        ("classes", f"{len(data.classes):,}: {shown}{f' and {more:,} more' if more > 0 else ''}"),
        ("fingerprint", data.fingerprint),
    )
    return Table(columns=("", ""), rows=rows, words=2)


def recipe_table(recipes: Mapping[str, Recipe]) -> Table:
    """Every field of a recipe, with a column for each round of trainings by its name."""
    rows = [
        (spaced(field.name), *(_plain(getattr(recipe, field.name)) for recipe in recipes.values()))
        for field in fields(Recipe)
    ]
    return Table(columns=("", *recipes), rows=tuple(rows))


def _plain(value: object) -> str:
    match value:
        case None:
            return "all"
        case bool():
            return "yes" if value else "no"
        case int():
            return exact(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def settings_table(trials: Sequence[Trial], versions: Mapping[str, str]) -> Table:
    """Versions, device, precision, threads: what the run says, and what the trials recorded."""
    seen: dict[str, dict[str, int]] = {}
    for trial in trials:
        for name, value in trial.setting.items():
            counts = seen.setdefault(name, {})
            counts[value] = counts.get(value, 0) + 1
    rows = [(spaced(name), value) for name, value in versions.items()]
    rows += [
        (spaced(name), _values(counts))
        for name, counts in seen.items()
        if list(counts) != [versions.get(name)]
    ]
    return Table(columns=("", ""), rows=tuple(rows), words=2)


def _values(counts: Mapping[str, int]) -> str:
    """The value that all trials share, or each with how many had it."""
    if len(counts) == 1:
        return next(iter(counts))
    return listed(f"{value} ({counted(count, 'trial')})" for value, count in counts.items())
