"""Zero-cost proxies checked on a run: whether they rank its networks as training did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from statistics import fmean

from netspace.analyse.correlation import FEWEST, correlation
from netspace.config import Study, study_from_plain
from netspace.errors import RunError
from netspace.present.proxies_text import ProxyCheck, ProxyCost, ProxyGroup
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.run.worker import THREADS
from netspace.train import device as devices
from netspace.train.data import DataSet
from netspace.train.proxies import BASELINES, BATCH, PROXIES, batch, on_threads, timed
from netspace.trial import Trial
from netspace.workflow.session import (
    check_before,
    images_of,
    require_kind,
    require_same_images,
)
from netspace.workflow.watch import Watcher

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """The estimates of one trained network, or the reasons why they failed, and their seconds."""

    space: str
    error: float
    training_seconds: float
    found: Mapping[str, float | str]
    seconds: Mapping[str, float]

    def score(self, name: str) -> float:
        """The estimate of this name; NaN where it failed."""
        value = self.found[name]
        return nan if isinstance(value, str) else value


def check_proxies(path: Path, watcher: Watcher) -> ProxyCheck:
    """Estimate the finished networks of a run's population, and compare with their errors.

    The run is only read. Each network is initialised as its training began. Raises RunError if the
    folder holds no population, fewer than 10 networks finished, or the images are others.
    """
    study, trials, facts = _population(RunFolder(path))
    check_before(study)
    data = images_of(study, watcher)
    require_same_images(facts, data, study)
    return check_of(str(path), estimate(trials, data, study, watcher))


def _population(folder: RunFolder) -> tuple[Study, list[Trial], Mapping[str, object]]:
    """The study, the finished trials of its population, and what is known of its images."""
    with Store.existing(folder.database) as store:
        require_kind("design", store, folder)
        plain, data = store.fact("study"), store.fact("data")
        if plain is None or data is None or not store.spaces():
            raise RunError(
                f"{folder.path}: this run stopped before its first training; start it again"
            )
        found = store.trials(round="population", state="finished")
    trials = [trial for trial in found if trial.error is not None and isfinite(trial.error)]
    if len(trials) < FEWEST:
        raise RunError(
            f"{folder.path}: {len(trials)} networks of the population finished, and estimates are "
            f"checked on at least {FEWEST}; run a study with more networks"
        )
    return study_from_plain(plain), trials, data


def estimate(
    trials: Sequence[Trial], data: DataSet, study: Study, watcher: Watcher
) -> list[Estimated]:
    """Every estimate of the trials' networks, on as many threads as a training has."""
    device = devices.device(study.device)
    watcher.begin(f"estimates of {len(trials)} networks", total=len(trials))
    found = []
    try:
        with on_threads(THREADS):
            for trial in trials:
                found.append(_estimated(trial, data, study.seed, device))
                watcher.advance(1)
    finally:
        watcher.end()
    return found


def _estimated(trial: Trial, data: DataSet, seed: int, device: devices.Device) -> Estimated:
    assert trial.error is not None, "it finished"
    images, labels = batch(data, trial.network.resolution, seed=seed, device=device)
    told = {
        name: timed(name, trial.network, images, labels, seed=trial.seed, device=device)
        for name in PROXIES
    }
    return Estimated(
        space=trial.space,
        error=trial.error,
        training_seconds=nan if trial.seconds is None else trial.seconds,
        found={name: value for name, (value, _) in told.items()},
        seconds={name: seconds for name, (_, seconds) in told.items()},
    )


def check_of(folder: str, networks: Sequence[Estimated]) -> ProxyCheck:
    """What the estimates are worth, by space and over all."""
    spaces = list(dict.fromkeys(one.space for one in networks))
    groups = [_group(space, [one for one in networks if one.space == space]) for space in spaces]
    if len(spaces) > 1:
        groups.append(_group("all", networks))
    return ProxyCheck(
        folder=folder,
        groups=tuple(groups),
        costs={name: _cost(name, networks) for name in PROXIES},
        baselines=BASELINES,
        training_seconds=fmean(one.training_seconds for one in networks),
        images=BATCH,
        threads=THREADS,
        confidence=CONFIDENCE,
    )


def _group(name: str, networks: Sequence[Estimated]) -> ProxyGroup:
    errors = [one.error for one in networks]
    scores = {name: [one.score(name) for one in networks] for name in PROXIES}
    baselines = {name: scores[name] for name in BASELINES}
    return ProxyGroup(
        name=name,
        networks=len(networks),
        correlations={
            name: correlation(errors, row, baselines, confidence=CONFIDENCE)
            for name, row in scores.items()
        },
    )


def _cost(name: str, networks: Sequence[Estimated]) -> ProxyCost:
    reasons = [reason for one in networks if isinstance(reason := one.found[name], str)]
    return ProxyCost(
        seconds=fmean(one.seconds[name] for one in networks),
        failed=len(reasons),
        reason=reasons[0] if reasons else "",
    )
