"""One process at work on a run: images decoded, workers started, what was done kept in facts."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from netspace.errors import RunError
from netspace.present.populations import finished
from netspace.present.record import DataFacts
from netspace.run.executors import Executor, ProcessPool
from netspace.run.folder import RunFolder
from netspace.run.jobs import EpochDone, Event
from netspace.run.loop import Part, run_trials
from netspace.run.store import Store
from netspace.train import device as devices
from netspace.train.data import DataSet, load, save
from netspace.train.reading.sources import find
from netspace.trial import Round, Trial
from netspace.workflow.watch import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A run's folder and store, its images and the workers."""

    folder: RunFolder
    store: Store
    data: DataSet
    pool: Executor
    watcher: Watcher
    began: float
    spent_before: float

    @property
    def spent(self) -> float:
        """Seconds of work on this run, earlier sessions included."""
        return self.spent_before + time.monotonic() - self.began

    def train(self, round: Round, source: "Source | None" = None) -> None:
        """Train all planned trials of a round; weights are kept of finals and contests.

        source: where further trials come from while it runs.
        """
        trials = self.store.trials(round=round)
        done = sum(trial.recipe.epochs for trial in trials if trial.state in ("finished", "failed"))
        total, title = sum(trial.recipe.epochs for trial in trials), f"{len(trials)} trainings"
        more: dict[str, Any] = {}
        if source is not None:
            done = sum(len(trial.curve) for trial in trials)
            total, title = source.epochs, "search"
            more = {"more": source.more, "part": source.part}
        best = next(iter(finished(trials)), None)
        self.watcher.begin(f"{round}: {title}", total=total, done=done, best=best)
        try:
            run_trials(
                self.store,
                self.pool,
                weights=self._weights,
                start=self._start,
                on_event=self._heard,
                **more,
            )
        finally:
            self.watcher.end()

    def weights(self, trial: Trial) -> Path:
        """Where the weights of a trial are kept until the winner is chosen."""
        return self.folder.weights / f"{trial.id}.safetensors"

    def _weights(self, trial: Trial) -> Path | None:
        return self.weights(trial) if trial.round in ("final", "contest") else None

    def _start(self, trial: Trial) -> Path | None:
        """The weights that fine-tuning begins from: those of the same network and seed."""
        if trial.round != "fine-tuning":
            return None
        (before,) = self.store.trials(round="contest", space=trial.space, seed=trial.seed)
        return self.weights(before)

    def _heard(self, trial: Trial, event: Event) -> None:
        self.watcher.trial(trial, event)
        if not isinstance(event, EpochDone):
            self.store.record(seconds=self.spent)


class Images(Protocol):
    """What a session reads of a study, or of a part of one: images, and where to train."""

    @property
    def data(self) -> str:
        """A folder, or a built-in name."""

    @property
    def resolution(self) -> int | None:
        """In pixels; None is the images' own."""

    @property
    def at_most(self) -> int:
        """Without a resolution, images keep their own up to so many pixels."""

    @property
    def seed(self) -> int:
        """Of the split."""

    @property
    def skip_broken(self) -> bool:
        """Whether images that do not decode are left out."""

    @property
    def device(self) -> str:
        """Where to train."""

    @property
    def workers(self) -> int | None:
        """Processes that train; None is one per core."""


class Source(Protocol):
    """Where a round's trials come from while it runs."""

    @property
    def epochs(self) -> int:
        """About how many epochs all of them take."""

    def more(self, count: int) -> Sequence[Trial]:
        """Up to so many trials more, planned in the store."""

    def part(self, trial: Trial) -> Part:
        """As far as a trial's training goes now, and where its state is kept."""


@contextmanager
def session(
    study: Images, folder: RunFolder, store: Store, watcher: Watcher, *, fact: str = "data"
) -> Iterator[Session]:
    """Images decoded and workers started; both are gone afterwards. Work time is added up.

    fact: under which the run keeps what it knows of these images.
    Raises RunError if the images are not those that the run began with.
    """
    began = time.monotonic()
    before = store.fact("seconds") or 0.0
    data = images_of(study, watcher)
    require_same_images(store.fact(fact), data, study)
    with (
        _saved(data, folder) as images,
        ProcessPool(images, workers=study.workers, device=study.device) as pool,
    ):
        at_work = Session(
            folder=folder,
            store=store,
            data=data,
            pool=pool,
            watcher=watcher,
            began=began,
            spent_before=before,
        )
        yield at_work
        store.record(seconds=at_work.spent)


def images_of(study: Images, watcher: Watcher) -> DataSet:
    """The study's images, decoded; the watcher hears how far that is, and what was adapted."""
    try:
        data = load(
            study.data,
            resolution=study.resolution,
            at_most=study.at_most,
            seed=study.seed,
            skip_broken=study.skip_broken,
            progress=_reading(watcher),
        )
    finally:
        watcher.end()
    for note in data.notes:
        watcher.say(f"Data: {note}")
    return data


@contextmanager
def opened(folder: RunFolder) -> Iterator[Store]:
    """The run's store, this process alone at work on it.

    A folder in which no run has begun by then is left as it was found.
    """
    new = not folder.database.exists()
    with folder.locked(), Store(folder.database) as store:
        try:
            yield store
        finally:
            if new and not begun(store):
                store.close()
                folder.discard()


Kind = Literal["design", "search", "scaling", "table", "contest"]


def kind_of(store: Store) -> Kind:
    """What kind of run the store holds; one that has not begun counts as a design."""
    kind: Kind = store.fact("kind") or "design"
    return kind


def begun(store: Store) -> bool:
    """Whether a run has begun in the store: it follows a study, or holds an imported table."""
    return store.fact("study") is not None or kind_of(store) == "table"


_WORKS = {
    "table": "; of a table there are report, compare, refine and search",
    "search": "; networks that were searched for are no sample of their space",
}


def require_kind(kinds: Kind | tuple[Kind, ...], store: Store, folder: RunFolder) -> None:
    """Raise RunError if the folder holds a run of another kind than these."""
    known, wanted = kind_of(store), (kinds,) if isinstance(kinds, str) else kinds
    if begun(store) and known not in wanted:
        raise RunError(
            f"{folder.path} holds a run of another kind ({known}, not {wanted[0]}); give "
            f"another folder{_WORKS.get(known, '')}"
        )


FREE = {"workers": None, "device": "cpu"}
"""Fields of a study that may be others when its run goes on, as they are compared."""


def begun_by_study_file(folder: RunFolder) -> RunError:
    """What to say to a command that would go on with the run of a study file."""
    return RunError(
        f"{folder.path} holds the run of a study file; choose another --out, or go on with "
        f"'netspace run {folder.study} --out {folder.path}'"
    )


def nothing_finished(store: Store, what: str, smaller: str) -> RunError:
    """What to say where every training of `what` failed; smaller: what to choose instead."""
    failed = store.trials(state="failed")
    first = f"; the first: {failed[0].reason}" if failed else ""
    return RunError(
        f"no {what} finished training, {len(failed)} failed{first}; lower recipe.learning_rate or "
        f"choose {smaller}, in another --out"
    )


def check_before(study: Images) -> None:
    """Raise for data or a device that are not there, before a folder is made for the run."""
    devices.device(study.device)
    if not Path(study.data).expanduser().exists():
        find(study.data)


def _reading(watcher: Watcher) -> Callable[[int, int], None]:
    """Tell the watcher how many images are decoded."""
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if not told:
            watcher.begin("reading images", total=total)
        watcher.advance(done - told)
        told = done

    return progress


def data_facts(data: DataSet) -> DataFacts:
    """What a report says about the images."""
    return DataFacts(
        name=data.name,
        origin=data.origin,
        fingerprint=data.fingerprint(),
        classes=data.classes,
        resolution=data.resolution,
        channels=data.channels,
        images={name: len(split.labels) for name, split in data.splits.items()},
        notes=data.notes,
    )


def data_record(data: DataSet) -> dict[str, object]:
    """The facts that a run keeps of its images, and when it began."""
    return {
        "data": asdict(data_facts(data)),
        "mean": list(data.mean),
        "std": list(data.std),
        "started": datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }


def require_same_images(known: Mapping[str, Any] | None, data: DataSet, study: Images) -> None:
    """Raise RunError unless these are the images that the run's facts tell of, if it has begun."""
    if known is not None and known["fingerprint"] != data.fingerprint():
        raise RunError(
            f"the images of '{study.data}' changed since this run began; put them back, or choose "
            "another --out"
        )


@contextmanager
def _saved(data: DataSet, folder: RunFolder) -> Iterator[Path]:
    """The images as arrays that the workers share, deleted afterwards."""
    images = folder.path / ".images"
    shutil.rmtree(images, ignore_errors=True)
    try:
        save(data, images)
        yield images
    finally:
        shutil.rmtree(images, ignore_errors=True)
