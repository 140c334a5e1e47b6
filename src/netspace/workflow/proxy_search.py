"""A strategy at work on scores of untrained networks instead of on training."""

import time
from dataclasses import replace
from math import nan
from pathlib import Path

from netspace.config import Study
from netspace.errors import StorageError, UserError
from netspace.present.export import yaml_text
from netspace.present.proxy_search_text import ProxySearched, Scored, known_of
from netspace.run.folder import write_whole
from netspace.run.worker import THREADS
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategies import search
from netspace.spaces.sampling import Member
from netspace.train import device as devices
from netspace.train.data import DataSet
from netspace.train.proxies import batch, on_threads, timed
from netspace.workflow.population import draw, trial_seed
from netspace.workflow.session import check_before, images_of
from netspace.workflow.study import SIZED_BY
from netspace.workflow.watch import Watcher


def search_by_proxy(
    estimate: str, study: Study, watcher: Watcher, output: Path | None = None
) -> ProxySearched:
    """Search the study's space for the highest score; the best network goes to `output` as YAML.

    What is known of the estimate is said first. Nothing is trained, and of the images only a batch
    of the train split is looked at. Raises UserError where every score failed.
    """
    (choice,) = study.spaces
    assert study.search is not None
    for sentence in known_of(estimate, choice.name):
        watcher.say(sentence)
    _check_output(output)
    check_before(study)
    began = time.monotonic()
    data = images_of(study, watcher)
    drawn = draw(study, choice, data, networks=SIZED_BY)
    for sentence in drawn.sentences:
        watcher.say(sentence)
    domain = SpaceDomain(drawn.space, study.budget.bounds)
    found = ProxySearched(
        estimate=estimate,
        strategy=study.search.strategy.kind,
        space=domain.space.name,
        asked=choice.networks,
        networks=_scored(estimate, study, domain, data, watcher),
        seconds=time.monotonic() - began,
        threads=THREADS,
    )
    if not found.best:
        raise UserError(
            f"{estimate} failed for all {len(found.networks)} networks; the first: "
            f"{found.failed[0].reason}; take another --estimate"
        )
    if output is not None:
        write_whole(output, _best(found))
    return found


def _check_output(output: Path | None) -> None:
    """Raise StorageError before the search where its result could not be written."""
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise StorageError(f"{output}: -o names a file in a folder that exists; choose another")


def _scored(
    estimate: str, study: Study, domain: SpaceDomain, data: DataSet, watcher: Watcher
) -> tuple[Scored, ...]:
    """The networks that the strategy asked for, told of each score before it asks again."""
    terms, (choice,) = study.search, study.spaces
    assert terms is not None
    at_work = search(terms.strategy, domain, terms.objective, seed=study.seed)
    scores = _Scores(estimate, study, data)
    found: list[Scored] = []
    watcher.begin(f"{estimate} of {choice.networks} networks", total=choice.networks)
    try:
        with on_threads(THREADS):
            while len(found) < choice.networks and (asked := at_work.ask()):
                (candidate,) = asked
                found.append(scores.of(candidate.number, domain.member(candidate.genes)))
                # Strategies look for low errors: what is high turns into low by its sign. They
                # see order and distances alone, so that it is no percentage does not matter.
                at_work.tell(candidate.number, -found[-1].score)
                watcher.advance(1)
    finally:
        watcher.end()
    return tuple(found)


class _Scores:
    """One estimate of any network, always of the same batch of the train split."""

    def __init__(self, estimate: str, study: Study, data: DataSet):
        self._estimate, self._seed = estimate, study.seed
        self._device = devices.device(study.device)
        side = data.resolution
        self._batch = batch(data, (side, side), seed=study.seed, device=self._device)

    def of(self, number: int, member: Member) -> Scored:
        """The score of a network, initialised as its training would begin in a search."""
        images, labels = self._batch
        told, seconds = timed(
            self._estimate,
            member.network,
            images,
            labels,
            seed=trial_seed(self._seed, 0, number),
            device=self._device,
        )
        failed = isinstance(told, str)
        return Scored(
            number=number,
            member=member,
            score=nan if failed else float(told),
            seconds=seconds,
            reason=str(told) if failed else "",
        )


def _best(found: ProxySearched) -> str:
    best = found.best[0]
    note = f"the highest {found.estimate} of {len(found.networks)} networks; not trained"
    return yaml_text(replace(best.member.network, name=found.name(best), note=note))
