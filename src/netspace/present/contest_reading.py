"""A contest read back from its store."""

from pathlib import Path

from netspace.contest_study import ContestStudy
from netspace.design.serial import read
from netspace.present.contest_record import ContestRecord, Entry, Heat, Victor
from netspace.present.latency_record import LatencyReport
from netspace.present.record import DataFacts
from netspace.run.store import Store
from netspace.trial import Round

_MODES: tuple[Round, ...] = ("transfer", "fine-tuning")


def contest_record(folder: Path, store: Store) -> ContestRecord:
    """The contest, finished or not."""
    study = read(ContestStudy, store.fact("study"), where=f"{folder}, perhaps of another version")
    heats = tuple(_heats(study, store))
    settings = [trial.setting for heat in heats for trial in heat.trials if trial.setting]
    winner, latency = store.fact("winner"), store.fact("latency")
    return ContestRecord(
        folder=str(folder),
        study=study,
        command=store.fact("command") or "",
        plan=tuple(store.fact("plan") or ()),
        entries=tuple(read(Entry, plain) for plain in store.fact("entries") or ()),
        heats=heats,
        latency=None if latency is None else read(LatencyReport, latency),
        victor=None if winner is None else read(Victor, winner),
        seconds=store.fact("seconds") or 0.0,
        started=store.fact("started") or "",
        versions=settings[0] if settings else {},
    )


def _heats(study: ContestStudy, store: Store) -> list[Heat]:
    """What has begun: the first data set, then each further one in both ways."""
    found = []
    for leg in study.legs:
        facts = store.fact(leg.fact)
        if facts is None:
            continue
        modes: tuple[Round, ...] = ("contest",) if leg.number == 0 else _MODES
        for mode in modes:
            trials = tuple(store.trials(round=mode, index=leg.number))
            found.append(Heat(mode=mode, data=read(DataFacts, facts), trials=trials))
    return found
