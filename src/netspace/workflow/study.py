"""Running a study: populations, final round, one reading on test; safe to repeat at any point."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from netspace.config import Study, study_from_plain, study_text
from netspace.design.serial import to_plain
from netspace.errors import RunError
from netspace.present.export import yaml_text
from netspace.present.populations import candidates
from netspace.present.report import render
from netspace.run.folder import RunFolder, copy_whole, write_whole
from netspace.run.store import Store
from netspace.train import device as devices
from netspace.train.build import build
from netspace.train.trainer import evaluate
from netspace.train.weights import restore_weights
from netspace.workflow.choosing import best_candidates
from netspace.workflow.latency_kept import Timing
from netspace.workflow.population import draw, plan_final, plan_population
from netspace.workflow.record import record_of
from netspace.workflow.searching import Searching
from netspace.workflow.session import (
    FREE,
    Session,
    check_before,
    data_record,
    nothing_finished,
    opened,
    require_kind,
    session,
)
from netspace.workflow.summary import summary_text
from netspace.workflow.watch import Watcher

SIZED_BY = 50
"""Networks drawn to say what share of a space lies within the budget, where none are sampled."""


def run_study(study: Study, path: Path, watcher: Watcher, *, command: str = "") -> RunFolder:
    """Start or resume the study's run in this folder; a finished run only gets its files anew.

    Raises RunError if the folder holds the run of another study.
    """
    check_before(study)
    folder = RunFolder(path)
    with opened(folder) as store:
        _same_study(study, store, folder)
        if store.fact("winner") is None:
            with session(study, folder, store, watcher) as at_work:
                carry_out(study, at_work, command=command)
        write_results(folder, store)
    return folder


def _same_study(study: Study, store: Store, folder: RunFolder) -> None:
    """Raise RunError if the store belongs to another study."""
    require_kind(study.kind, store, folder)
    known = store.fact("study")
    if known is None:
        return
    over = store.fact("finalists") is not None
    known, wanted = (_terms(one, over=over) for one in (study_from_plain(known), study))
    if known == wanted:
        return
    differing = next(name for name in (*known, *wanted) if known.get(name) != wanted.get(name))
    raise RunError(
        f"{folder.path} holds the run of another study ({differing} differs); choose another "
        "--out, or give the study that was begun there"
    )


def _terms(study: Study, *, over: bool) -> dict[str, Any]:
    """What must be the same where a run goes on, as plain values.

    A search whose finalists are not chosen may go on to more or fewer networks, and to another
    final round.
    """
    plain = {**to_plain(study, complete=True), **FREE}
    if study.search is not None and not over:
        plain["spaces"] = [{**one, "networks": None} for one in plain["spaces"]]
        plain["final"] = None
    return plain


def carry_out(study: Study, at_work: Session, **facts: object) -> None:
    """Whatever is still to do, from sampling to the reading on test.

    facts: what else the store is to know of the run, recorded when it begins.
    """
    store = at_work.store
    if store.fact("spaces") is None:
        _begin(study, at_work, facts)
    elif study.search is not None:
        store.record(study=to_plain(study, complete=True))
    if study.search is None:
        at_work.train("population")
    elif store.fact("finalists") is None:
        Searching(study, at_work).train()
    if store.fact("finalists") is None:
        plan_final(study, store)
        if not store.trials(round="final"):
            raise nothing_finished(store, "network", "smaller networks")
        store.record(finalists=True)
    at_work.train("final")
    _choose(study, at_work)


def _begin(study: Study, at_work: Session, facts: Mapping[str, object]) -> None:
    """Sample, tie the store to the study, and plan the trials.

    Nothing is recorded before the sampling succeeds: a study that cannot begin leaves the folder
    free for one that can.
    """
    store, data = at_work.store, at_work.data
    if study.search is not None:
        Searching(study, at_work)  # refuses a strategy that does not fit the space
        sizes, timing = {choice.called: SIZED_BY for choice in study.spaces}, None
    else:
        sizes = {choice.called: choice.networks for choice in study.spaces}
        timing = Timing.of(study, data, store, at_work.watcher.say)
    populations = [
        draw(study, choice, data, networks=sizes[choice.called], timing=timing)
        for choice in study.spaces
    ]
    if store.fact("study") is None:
        plain = to_plain(study, complete=True)
        store.record(kind=study.kind, study=plain, **data_record(at_work.data), **facts)
    write_whole(at_work.folder.study, study_text(study))
    for population in populations:
        for sentence in population.sentences:
            at_work.watcher.say(sentence)
    if study.search is None:
        plan_population(study, populations, store)
    store.record(spaces=[to_plain(population.facts) for population in populations])


def _choose(study: Study, at_work: Session) -> None:
    """Choose by the objective at mean validation error over the seeds; read test once, for it.

    A candidate that failed on some seed is passed over where another finished on all.
    """
    store = at_work.store
    found = candidates(store.trials(round="final"))
    most = max(len(one.finished) for one in found)
    if not most:
        raise nothing_finished(store, "network", "smaller networks")
    known = best_candidates(study, found, store.fact("latencies_ms") or ())
    chosen = next(one for one in known if len(one.finished) == most)
    best = chosen.finished[0]
    module = build(best.network)
    restore_weights(module, at_work.weights(best))
    device = devices.device(study.device)
    data = at_work.data
    test_error = evaluate(
        module.to(device), data.test, data, device=device, precision=study.recipe.precision
    )
    copy_whole(at_work.weights(best), at_work.folder.winner_weights)
    store.record(
        winner={
            "trials": [trial.id for trial in chosen.finished],
            "best": best.id,
            "validation_error": chosen.error,
            "test_error": test_error,
        }
    )


def write_results(folder: RunFolder, store: Store) -> None:
    """Write the study, the winner, the summary and the report from what the store holds."""
    record = record_of(folder, store)
    write_whole(folder.study, study_text(record.study))
    if record.winner is not None:
        shutil.rmtree(folder.weights, ignore_errors=True)
        best = record.winner.best
        write_whole(folder.winner, yaml_text(replace(best.network, name=best.name)))
    write_whole(folder.summary, summary_text(record))
    write_whole(folder.report, render(record))
