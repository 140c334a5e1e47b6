"""What a contest trains: every candidate fitted to the images and made equal, and its trials."""

from collections.abc import Iterator, Sequence

from netspace.contest_study import Contestant, ContestStudy, Leg
from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.present.contest_record import Entry
from netspace.spaces.adapting import adapted
from netspace.train.data import DataSet
from netspace.trial import Round, Trial
from netspace.workflow.equalising import Measure, made_equal, steady_ms
from netspace.workflow.population import trial_seed


def entries(study: ContestStudy, data: DataSet, measure: Measure = steady_ms) -> tuple[Entry, ...]:
    """Every candidate as it takes part. Raises InfeasibleError for one that cannot be."""
    return tuple(_entry(one, study, data, measure) for one in study.candidates)


def _entry(one: Contestant, study: ContestStudy, data: DataSet, measure: Measure) -> Entry:
    fitted = adapted(
        one.network,
        resolution=data.resolution,
        channels=data.channels,
        classes=len(data.classes),
    )
    network, changes = made_equal(one.name, fitted.network, study.equal, measure)
    return Entry(
        name=one.name,
        origin=one.origin,
        source=one.source,
        network=network,
        changes=(*fitted.changes, *changes),
    )


def contest_trials(study: ContestStudy, found: Sequence[Entry]) -> Iterator[Trial]:
    """The trainings on the contest's own data: all candidates with the first seed come first."""
    for repeat in range(study.seeds):
        for one in found:
            yield _trial(one.network, one.name, "contest", study.legs[0], study, repeat)


def transfer_trials(
    leg: Leg, round: Round, found: Sequence[Entry], data: DataSet
) -> Iterator[Trial]:
    """The trainings on a further data set, from scratch or fine-tuned."""
    for repeat in range(leg.study.seeds):
        for one in found:
            network = one.network.for_input(classes=len(data.classes), channels=data.channels)
            yield _trial(network, one.name, round, leg, leg.study, repeat)


def _trial(
    network: Network, name: str, round: Round, leg: Leg, study: ContestStudy, repeat: int
) -> Trial:
    tuned = leg.fine_tuning if round == "fine-tuning" else None
    return Trial(
        round=round,
        space=name,
        index=leg.number,
        network=network,
        complexity=count(network),
        recipe=leg.recipe if tuned is None else tuned,
        seed=trial_seed(study.seed, repeat),
    )


def plan_sentences(study: ContestStudy, found: Sequence[Entry]) -> Iterator[str]:
    """What is said before the trainings."""
    trainings = len(found) * study.seeds * (2 * len(study.legs) - 1)
    yield (
        f"{len(found)} networks at {study.equal.sentence}, one recipe, {study.seeds} seeds each; "
        f"{trainings} trainings on {len(study.legs)} data sets."
    )
    for one in found:
        yield f"{one.name} ({one.origin}, {one.source}): {'; '.join(one.changes) or 'as it is'}."
