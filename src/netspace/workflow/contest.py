"""Running a contest: candidates made equal, trained alike, carried over to other data, timed."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from netspace.contest_study import ContestStudy, Leg
from netspace.design.serial import read, to_plain
from netspace.errors import RunError
from netspace.present.contest_record import Entry
from netspace.run.folder import RunFolder, copy_whole
from netspace.run.store import Store
from netspace.train import device as devices
from netspace.train.build import build
from netspace.train.trainer import evaluate
from netspace.train.weights import restore_weights
from netspace.trial import Trial
from netspace.workflow.contest_latency import require_backends, time_entries
from netspace.workflow.contest_plan import (
    contest_trials,
    entries,
    plan_sentences,
    transfer_trials,
)
from netspace.workflow.contest_result import write_contest
from netspace.workflow.equalising import Measure, steady_ms
from netspace.workflow.session import (
    FREE,
    Session,
    check_before,
    data_facts,
    data_record,
    nothing_finished,
    opened,
    require_kind,
    session,
)
from netspace.workflow.watch import Watcher


def run_contest(
    study: ContestStudy,
    path: Path,
    watcher: Watcher,
    *,
    command: str = "",
    again: bool = False,
    measure: Measure = steady_ms,
) -> RunFolder:
    """Start or resume a contest in this folder; a finished one only gets its files anew.

    again: measure the latencies once more. measure: milliseconds of a network, where they are to
    be equal. Raises RunError if the folder holds another run.
    """
    folder = RunFolder(path)
    if not folder.database.exists():
        _check(study)
    with opened(folder) as store:
        _same(study, store, folder)
        timed = not again and _timed(study, store)
        if not (store.fact("over") and timed):
            _check(study)
        _first(study, folder, store, watcher, command, measure)
        if not timed:
            measured = time_entries(study, stored_entries(store), watcher)
            store.record(latency=to_plain(measured, complete=True))
        write_contest(folder, store)
        for leg in study.legs[1:]:
            _further(leg, folder, store, watcher)
            write_contest(folder, store)
        store.record(over=True)
        shutil.rmtree(folder.weights, ignore_errors=True)
    return folder


def _check(study: ContestStudy) -> None:
    """Raise for data, a device or a backend that are not there, before anything is trained."""
    for leg in study.legs:
        check_before(leg)
    require_backends(study)


def _timed(study: ContestStudy, store: Store) -> bool:
    """Whether latencies were measured with these backends."""
    known = store.fact("latency")
    if known is None:
        return False
    return [one["backend"] for one in known["findings"]] == list(study.timed_backends)


def stored_entries(store: Store) -> tuple[Entry, ...]:
    """The candidates as they take part; none before the contest has begun."""
    return tuple(read(Entry, plain) for plain in store.fact("entries") or ())


def _same(study: ContestStudy, store: Store, folder: RunFolder) -> None:
    """Raise RunError if the folder holds another run."""
    require_kind("contest", store, folder)
    known = store.fact("study")
    if known is None:
        return
    both = (to_plain(one, complete=True) for one in (read(ContestStudy, known), study))
    there, here = ({**plain, **FREE, "backends": None} for plain in both)
    if there != here:
        differing = next(key for key in here if there[key] != here[key])
        raise RunError(
            f"{folder.path} holds another contest ({differing} differs); choose another --out, or "
            "give the study that was begun there"
        )
    store.record(study=to_plain(study, complete=True))


def _first(
    study: ContestStudy,
    folder: RunFolder,
    store: Store,
    watcher: Watcher,
    command: str,
    measure: Measure,
) -> None:
    """The contest's own data: every candidate with every seed, and one reading on test."""
    if store.fact("winner") is not None:
        return
    with session(study, folder, store, watcher) as at_work:
        if store.fact("study") is None:
            _begin(study, at_work, command, measure)
        at_work.train("contest")
        _choose(study, at_work)


def _begin(study: ContestStudy, at_work: Session, command: str, measure: Measure) -> None:
    """Make all candidates equal, tie the store to the study, and plan the trials."""
    found = entries(study, at_work.data, measure)
    said = list(plan_sentences(study, found))
    for sentence in said:
        at_work.watcher.say(sentence)
    _require_distinct(found)
    at_work.store.record(
        kind="contest",
        study=to_plain(study, complete=True),
        entries=[to_plain(one, complete=True) for one in found],
        plan=said,
        command=command,
        **data_record(at_work.data),
    )
    at_work.store.plan(contest_trials(study, found))


def _require_distinct(found: Sequence[Entry]) -> None:
    """Raise RunError where two candidates came to one network: it would be trained twice."""
    ordered = sorted(found, key=lambda one: repr(one.network))
    twice = next(((a, b) for a, b in pairwise(ordered) if a.network == b.network), None)
    if twice is not None:
        raise RunError(
            f"candidates '{twice[0].name}' and '{twice[1].name}' come to the same network; leave "
            "one of them out"
        )


def _choose(study: ContestStudy, at_work: Session) -> None:
    """The lowest mean validation error among those that finished most seeds; test, read once."""
    store = at_work.store
    by_name: dict[str, list[Trial]] = {}
    for trial in store.trials(round="contest", state="finished"):
        by_name.setdefault(trial.space, []).append(trial)
    if not by_name:
        raise nothing_finished(store, "network", "smaller networks")
    most = max(map(len, by_name.values()))
    whole = [own for own in by_name.values() if len(own) == most]
    chosen = min(whole, key=lambda own: fmean(_errors(own)))
    kept = min(chosen, key=lambda trial: _errors([trial]))
    module = build(kept.network)
    restore_weights(module, at_work.weights(kept))
    device = devices.device(study.device)
    test_error = evaluate(
        module.to(device),
        at_work.data.test,
        at_work.data,
        device=device,
        precision=study.recipe.precision,
        resolution=kept.network.resolution,
    )
    copy_whole(at_work.weights(kept), at_work.folder.winner_weights)
    store.record(
        winner={
            "name": kept.space,
            "seed": kept.seed,
            "validation_error": fmean(_errors(chosen)),
            "kept_error": _errors([kept])[0],
            "test_error": test_error,
        }
    )


def _errors(trials: Sequence[Trial]) -> list[float]:
    return [trial.error for trial in trials if trial.error is not None]


def _require_weights(at_work: Session) -> None:
    """Raise RunError where weights that fine-tuning begins from are gone."""
    for trial in at_work.store.trials(round="contest", state="finished"):
        path = at_work.weights(trial)
        if not path.is_file():
            raise RunError(
                f"{path}: the weights that fine-tuning begins from are gone; put them back, or "
                "begin the contest again in another --out"
            )


def _further(leg: Leg, folder: RunFolder, store: Store, watcher: Watcher) -> None:
    """One more data set: from scratch, then from what was learned on the first one."""
    over = f"{leg.fact}_over"
    if store.fact(over):
        return
    found = stored_entries(store)
    with session(leg, folder, store, watcher, fact=leg.fact) as at_work:
        if store.fact(leg.fact) is None:
            store.record(**{leg.fact: asdict(data_facts(at_work.data))})
        store.plan(transfer_trials(leg, "transfer", found, at_work.data))
        at_work.train("transfer")
        learned = {(t.space, t.seed) for t in store.trials(round="contest", state="finished")}
        tuned = transfer_trials(leg, "fine-tuning", found, at_work.data)
        store.plan(one for one in tuned if (one.space, one.seed) in learned)
        _require_weights(at_work)
        at_work.train("fine-tuning")
        store.record(**{over: True})
