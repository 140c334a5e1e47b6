"""What is said of a contest in sentences: the answer, what is real, which group leads."""

from netspace.analyse.ranking import Pair
from netspace.present.contest_findings import Standing, differences, standings
from netspace.present.contest_record import ContestRecord
from netspace.present.wording import counted, duration, listed, percent, uncertain


def contest_answer(record: ContestRecord) -> str:
    """The contest in one line: the network of the lowest error, and which others are as good."""
    found = [one for one in standings(record, record.first) if one.error is not None]
    if record.victor is None or not found:
        return _unfinished(record)
    best = found[0]
    assert best.error is not None
    said = f"{best.entry.name} leads with {uncertain(best.error.value, best.error.half_width)} %"
    return f"{said} error at {record.study.equal.sentence}; {_others(leaders(record)[1:])}"


def _others(level: list[Standing]) -> str:
    if not level:
        return "all others are worse beyond the noise of seeds"
    names = listed(one.entry.name for one in level)
    return f"{names} cannot be told apart from it"


def _unfinished(record: ContestRecord) -> str:
    trials = record.first.trials
    done = sum(trial.state in ("finished", "failed") for trial in trials)
    return f"Not finished yet: {done:,} of {counted(len(trials), 'training')} done"


def leaders(record: ContestRecord) -> list[Standing]:
    """The best entry, and those that are not worse than it beyond the noise of seeds."""
    found = [one for one in standings(record, record.first) if one.error is not None]
    if not found:
        return []
    best = found[0].entry.name
    worse = {pair.second for pair in differences(record.first) if pair.first == best and pair.real}
    return [one for one in found if one.entry.name not in worse]


def verdicts(record: ContestRecord) -> list[str]:
    """Which differences are real, and where the leaders come from."""
    found = differences(record.first)
    if not found:
        return []
    real = [pair for pair in found if pair.real]
    sentences = [
        f"{len(real)} of {counted(len(found), 'pair')} differ beyond what other seeds might give.",
        _origins(record),
    ]
    widest = _widest(real)
    return [*sentences, *([widest] if widest else [])]


def _origins(record: ContestRecord) -> str:
    """Of which origins the leading group is, and of which it is not."""
    ahead = list(dict.fromkeys(one.entry.origin for one in leaders(record)))
    behind = [
        origin
        for origin in dict.fromkeys(one.origin for one in record.entries)
        if origin not in ahead
    ]
    said = f"Among those in front, level within the noise: {listed(ahead)}"
    return f"{said}; not among them: {listed(behind)}." if behind else f"{said}."


def _widest(real: list[Pair]) -> str:
    if not real:
        return ""
    pair = min(real, key=lambda one: one.difference.value)
    low, high = -pair.difference.high, -pair.difference.low
    return (
        f"The widest difference: {pair.first} is better than {pair.second} by "
        f"{-pair.difference.value:.1f} points ({low:.1f} to {high:.1f})."
    )


def choice(record: ContestRecord) -> str:
    """The winner's errors; the test split is read for it alone."""
    victor = record.victor
    if victor is None:
        return "There is no winner yet."
    return (
        f"{victor.name} is kept: {percent(victor.validation_error)} on validation over its seeds. "
        f"The weights are those of its best seed: {percent(victor.kept_error)} on validation, "
        f"{percent(victor.test_error)} on test (read once, for it alone). Being the lowest of "
        "several flatters what was chosen by."
    )


def reading(record: ContestRecord) -> str:
    """How the table of standings is to be read."""
    images = record.first.data.images.get("validation")
    sampled = "" if images is None else f" of {images:,} images, the same for all"
    return (
        f"Errors are top-1 on the validation split{sampled}: means over {record.study.seeds} "
        "seeds, ± the half-width of the 95 % interval from the spread that all share. Latency is "
        "the median for one image on one thread. Energy was not measured."
    )


def contest_circumstances(record: ContestRecord) -> str:
    """The line below the title."""
    trials = record.trials
    failed = sum(trial.state == "failed" for trial in trials)
    parts = [
        counted(len(record.entries), "network"),
        record.study.equal.sentence,
        f"{record.study.seeds} seeds",
        f"{record.first.data.name} at {record.first.data.resolution} pixels",
        counted(sum(trial.state == "finished" for trial in trials), "training"),
        *([f"{failed} failed"] if failed else []),
        duration(record.seconds),
    ]
    return " · ".join(parts)
