"""The grid search over depth, width and resolution: a base network and images in, scaling out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netspace.config import ScalingStudy, scaling_from_plain, study_text
from netspace.design.network import Network
from netspace.design.serial import read, to_plain
from netspace.errors import RunError
from netspace.present.export import yaml_text
from netspace.present.record import DataFacts
from netspace.present.scaling_record import ScalingRecord, best_of_grid, points
from netspace.present.scaling_report import render_scaling
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder, write_whole
from netspace.run.store import Store
from netspace.workflow.design import usual_recipe
from netspace.workflow.probing import probe
from netspace.workflow.scaling_plan import (
    Candidate,
    Capacity,
    candidates,
    confirmation,
    misses,
    sized,
    trials,
)
from netspace.workflow.scaling_summary import scaling_summary_text
from netspace.workflow.session import (
    FREE,
    Session,
    begun_by_study_file,
    check_before,
    data_record,
    nothing_finished,
    opened,
    require_kind,
    session,
)
from netspace.workflow.watch import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRequest:
    """What the user of `scale --search` gives; time in seconds."""

    network: Network
    data: str
    factor: float = 2.0
    seeds: int = 2
    time: float = 3_600.0
    seed: int = 0
    skip_broken: bool = False

    def study(self, recipe: Recipe | None = None) -> ScalingStudy:
        """The study; with the default recipe before its size is known."""
        return ScalingStudy(
            network=self.network,
            data=self.data,
            factor=self.factor,
            seeds=self.seeds,
            recipe=recipe or Recipe(),
            seed=self.seed,
            skip_broken=self.skip_broken,
        )


def search_scaling(
    request: ScalingRequest, path: Path, watcher: Watcher, *, command: str = ""
) -> RunFolder:
    """Start or resume a grid search in this folder; epochs are planned once, from measured speed.

    Raises RunError if the folder holds another run.
    """
    check_before(request.study())
    folder = RunFolder(path)
    with opened(folder) as store:
        _same(store.fact("request"), request, store, folder)
        if not store.fact("over"):
            with session(request.study(), folder, store, watcher) as at_work:
                if store.fact("study") is None:
                    _plan(request, at_work, command=command)
                _carry_out(at_work)
        write_scaling(folder, store)
    return folder


def run_scaling(
    study: ScalingStudy, path: Path, watcher: Watcher, *, command: str = ""
) -> RunFolder:
    """Start or resume a scaling study whose recipe is fixed, as from a study file."""
    check_before(study)
    folder = RunFolder(path)
    with opened(folder) as store:
        _same(store.fact("study"), study, store, folder)
        if not store.fact("over"):
            with session(study, folder, store, watcher) as at_work:
                if store.fact("study") is None:
                    found = candidates(study, _base(study, at_work))
                    _begin(study, at_work, found, command=command)
                _carry_out(at_work)
        write_scaling(folder, store)
    return folder


def _same(
    known: Any, wanted: ScalingRequest | ScalingStudy, store: Store, folder: RunFolder
) -> None:
    """Raise RunError if the folder holds another run than the one wanted."""
    require_kind("scaling", store, folder)
    if store.fact("study") is None:
        return
    if known is None:
        raise begun_by_study_file(folder)
    # Read first: another version may have written fewer fields.
    both = (to_plain(one, complete=True) for one in (read(type(wanted), known), wanted))
    there, here = ({**plain, **FREE} for plain in both)
    if there != here:
        differing = next(key for key in here if there[key] != here[key])
        raise RunError(
            f"{folder.path} holds another run ({differing} differs); choose another --out, or "
            "repeat the command it was begun with"
        )


def _base(study: ScalingStudy, at_work: Session) -> Network:
    """The study's network with the classes and channels of the images."""
    data = at_work.data
    return study.network.for_input(classes=len(data.classes), channels=data.channels)


def _plan(request: ScalingRequest, at_work: Session, *, command: str) -> None:
    """Measure every network, fit the epochs to the time, and begin."""
    study = request.study(usual_recipe(at_work.data))
    found = candidates(study, _base(study, at_work))
    speeds = probe([one.network for one in found], study.recipe, at_work)
    here = Capacity(
        train_images=len(at_work.data.train.labels),
        validation_images=len(at_work.data.validation.labels),
        workers=at_work.pool.size,
        speeds=[(one, speed) for one, speed in zip(found, speeds, strict=True) if speed],
    )
    study, sentences = sized(study, here, time=request.time, spent=at_work.spent)
    wanted = to_plain(request, complete=True)
    _begin(study, at_work, found, plan=sentences, request=wanted, command=command)


def _begin(
    study: ScalingStudy,
    at_work: Session,
    found: Sequence[Candidate],
    *,
    plan: Sequence[str] = (),
    **facts: object,
) -> None:
    """Tie the store to the study and plan its trials."""
    store = at_work.store
    said = (*plan, *misses(study, found))
    for sentence in said:
        at_work.watcher.say(sentence)
    store.record(
        kind="scaling",
        study=to_plain(study, complete=True),
        plan=list(said),
        **data_record(at_work.data),
        **facts,
    )
    write_whole(at_work.folder.study, study_text(study))
    store.plan(trials(study, "scaling", found))


def _carry_out(at_work: Session) -> None:
    """Whatever is still to do: the trainings, the best point's confirmation."""
    store = at_work.store
    study = scaling_from_plain(store.fact("study"))
    if not store.trials(round="scaling"):
        store.plan(trials(study, "scaling", candidates(study, _base(study, at_work))))
    at_work.train("scaling")
    if not store.trials(round="confirmation"):
        best = best_of_grid(points(store.trials(round="scaling")))
        if best is None:
            raise nothing_finished(store, "network of the grid", "a smaller network")
        again = confirmation(study, _base(study, at_work), best.network, best.bases)
        store.plan(trials(study, "confirmation", again))
    at_work.train("confirmation")
    store.record(over=True)


def write_scaling(folder: RunFolder, store: Store) -> None:
    """Write the study, the best network, the summary and the report."""
    record = scaling_record(folder, store)
    write_whole(folder.study, study_text(record.study))
    if record.best is not None:
        write_whole(folder.winner, yaml_text(replace(record.best.network, name="scaled")))
    write_whole(folder.summary, scaling_summary_text(record))
    write_whole(folder.report, render_scaling(record))


def read_scaling(folder: RunFolder) -> ScalingRecord:
    """The scaling study in a folder. Raises RunError if there is none that has begun."""
    with Store.existing(folder.database) as store:
        if store.fact("study") is None:
            raise RunError(f"{folder.path}: this run has not begun; start it again")
        require_kind("scaling", store, folder)
        return scaling_record(folder, store)


def scaling_record(folder: RunFolder, store: Store) -> ScalingRecord:
    """The study, finished or not."""
    trials = store.trials()
    settings = [trial.setting for trial in trials if trial.setting]
    return ScalingRecord(
        folder=str(folder.path),
        study=scaling_from_plain(store.fact("study")),
        command=store.fact("command") or "",
        plan=tuple(store.fact("plan") or ()),
        data=read(DataFacts, store.fact("data")),
        points=points(trials),
        seconds=store.fact("seconds") or 0.0,
        started=store.fact("started") or "",
        versions=settings[0] if settings else {},
    )
