"""A contest's study file: networks named, run folders looked into, all of it checked when read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netspace.config import read_plain
from netspace.contest_study import ContestStudy, Origin
from netspace.design.network import Network
from netspace.design.serial import read, to_plain
from netspace.design.zoo import aliases, names, network
from netspace.errors import RunError, StudyError, UserError
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.session import Kind, kind_of

_FAMILIES: Mapping[str, Origin] = {
    "regnet": "design space",
    "efficientnet": "searched",
    "mnasnet": "searched",
    "mobilenet_v3": "searched",
}
"""How the networks of the zoo came about, by the beginning of the name; others are handcrafted."""

_RUNS: Mapping[Kind, Origin] = {
    "design": "design space",
    "search": "searched",
    "scaling": "handcrafted",
}


def load_contest(path: Path) -> ContestStudy:
    """Read a contest's study file. Raises StudyError with one line that names the fault's path."""
    return contest_from_plain(read_plain(path), where=str(path))


def contest_from_plain(plain: object, *, where: str = "") -> ContestStudy:
    """The contest of a plain dict, whose candidates may be names, files or runs."""
    if isinstance(plain, Mapping):
        plain = dict(plain)
        candidates, equal = plain.get("candidates"), plain.get("equal")
        if isinstance(candidates, list):
            place = f"{where}: candidates" if where else "candidates"
            plain["candidates"] = [
                _contestant(one, f"{place} {number}") for number, one in enumerate(candidates, 1)
            ]
        if isinstance(equal, Mapping) and "kind" not in equal:
            plain["equal"] = _equal(equal)
    return read(ContestStudy, plain, where=where, error=StudyError)


def _equal(equal: Mapping[str, Any]) -> Mapping[str, Any]:
    """`flops: 5M` or `latency: 2ms` as the tagged form."""
    if set(equal) == {"flops"}:
        return {"kind": "flops", "size": str(equal["flops"])}
    if set(equal) == {"latency"}:
        return {"kind": "latency", "time": str(equal["latency"])}
    raise StudyError(
        f"equal: {', '.join(map(str, equal)) or 'nothing'} is given; it takes exactly one of "
        "flops (like 5M..6M) and latency (like 2ms)"
    )


def _contestant(entry: object, where: str) -> Mapping[str, Any]:
    """A candidate in full: from a name, or from a mapping with `network` or `run`."""
    given = {"network": entry} if isinstance(entry, str) else entry
    if not isinstance(given, Mapping) or ("network" in given) == ("run" in given):
        raise StudyError(f"{where}: give a network's name, or a mapping with 'network' or 'run'")
    try:
        found = _from_run(str(given["run"])) if "run" in given else _named(given["network"])
    except StudyError:
        raise
    except UserError as fault:
        raise StudyError(f"{where}: {fault}") from None
    return {
        **found,
        **{key: value for key, value in given.items() if key not in ("network", "run")},
    }


def _named(source: Any) -> dict[str, Any]:
    if not isinstance(source, str | Mapping):
        raise UserError(f"network {source!r} must be a zoo name, a YAML file or a mapping")
    chosen = network(source)
    name = chosen.name or (Path(source).stem if isinstance(source, str) else "")
    origins = (origin for prefix, origin in _FAMILIES.items() if name.startswith(prefix))
    own: Origin = "handcrafted"
    if isinstance(source, str) and aliases().get(source, source) in names():
        return _plain(name, chosen, next(origins, own), "the zoo")
    return _plain(name, chosen, own, "a network file")


def _from_run(text: str) -> dict[str, Any]:
    """The winner of a run, or with DIR:SPACE the network of that space with the lowest error."""
    path, colon, space = (text, "", "") if Path(text).is_dir() else text.rpartition(":")
    path = path or text
    folder = RunFolder(Path(path))
    with Store.existing(folder.database) as store:
        kind = kind_of(store)
        if kind not in _RUNS:
            raise RunError(
                f"{path} holds a run of another kind ({kind}); give a design or a search"
            )
        if colon:
            return _best_of(store, space, path, kind)
    if not folder.winner.is_file():
        raise RunError(f"{path} holds no winner (yet); finish the run first, or name a space of it")
    chosen = network(str(folder.winner))
    return _plain(chosen.name, chosen, _RUNS[kind], f"the winner of {path}")


def _best_of(store: Store, space: str, path: str, kind: Kind) -> dict[str, Any]:
    found = [t for t in store.trials(space=space, state="finished") if t.round == "population"]
    if not found:
        spaces = ", ".join(store.spaces()) or "none"
        raise RunError(f"{path} has no finished network of space '{space}'; its spaces: {spaces}")
    best = min(found, key=lambda trial: float("inf") if trial.error is None else trial.error)
    words = f"the lowest error of {len(found)} networks of {space} in {path}"
    return _plain(best.name, best.network, _RUNS[kind], words)


def _plain(name: str, chosen: Network, origin: Origin, source: str) -> dict[str, Any]:
    return {"name": name, "network": to_plain(chosen), "origin": origin, "source": source}
