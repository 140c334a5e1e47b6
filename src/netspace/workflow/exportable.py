"""What is handed over: a network by name or file, or the winner of a run, and all known of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from netspace.design.network import Network
from netspace.design.zoo import network
from netspace.errors import DataError, RunError, UserError
from netspace.present.onnx_card import Preparation
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.session import kind_of

CLASSIFIER = "head.fc.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exportable:
    """A network with its weights, None if untrained, and the run that it won, if any."""

    network: Network
    weights: Path | None
    run: RunFolder | None

    def target(self, output: Path | None, name: str, suffix: str) -> Path:
        """The file to write; beside a run's own files, else in the folder that one works in."""
        if output is not None:
            return output
        if self.run is not None:
            return self.run.path / f"network{suffix}"
        return Path(f"{self.network.name or Path(name).stem}{suffix}")


def exportable(source: str, weights: Path | None = None) -> Exportable:
    """What a name, a file or a run's folder means.

    Raises RunError for a run without a network, UserError for weights beside a run's own.
    """
    folder = RunFolder(Path(source))
    if not folder.path.is_dir():
        chosen = network(source)
        if weights is not None:
            require_weights_fit(chosen, weights)
        return Exportable(network=chosen, weights=weights, run=None)
    _require_networks(folder)
    if weights is not None:
        raise UserError(f"{folder.path} has its own weights; leave out --weights")
    if not folder.winner.is_file():
        raise RunError(f"{folder.path} holds no winner (yet); finish the run first")
    chosen = network(str(folder.winner))
    kept = folder.winner_weights if folder.winner_weights.is_file() else None
    return Exportable(network=chosen, weights=kept, run=folder)


def require_winner_weights(folder: RunFolder, *, to: str) -> Path:
    """The weights of a run's winner. Raises RunError for a run that has none."""
    with Store.existing(folder.database) as store:
        if kind_of(store) == "scaling":
            raise RunError(
                f"{folder.path}: a search of scalings keeps no weights; use --to yaml, or export "
                f"{folder.winner} for its source alone"
            )
    if not folder.winner_weights.is_file():
        raise RunError(
            f"{folder.path} cannot be exported to {to} without its weights; keep "
            f"{folder.winner_weights} in place"
        )
    return folder.winner_weights


def require_weights_fit(chosen: Network, path: Path) -> None:
    """Raise DataError for a file that holds no weights, or those of another number of classes."""
    try:
        with safe_open(path, framework="numpy") as file:
            shape = file.get_slice(CLASSIFIER).get_shape() if CLASSIFIER in file.keys() else None  # noqa: SIM118
    except (OSError, SafetensorError) as fault:
        first = str(fault).splitlines()[0]
        raise DataError(f"{path}: cannot be read as weights ({first}); give .safetensors") from None
    if shape is not None and shape[0] != chosen.classes:
        raise DataError(
            f"{path}: weights for {shape[0]} classes, but the network tells {chosen.classes} "
            "apart; give the network that they were trained for"
        )


def facts_of(folder: RunFolder) -> dict[str, Any]:
    """What a run keeps of its images: data, mean, std, study and kind."""
    with Store.existing(folder.database) as store:
        names = ("data", "mean", "std", "study")
        return {name: store.fact(name) for name in names} | {"kind": kind_of(store)}


def preparation_of(folder: RunFolder, chosen: Network) -> Preparation:
    """How a run prepared its images. Raises SpecError if that does not fit its winner."""
    facts = facts_of(folder)
    found = Preparation(
        decoded=facts["data"]["resolution"],
        mean=tuple(facts["mean"]),
        std=tuple(facts["std"]),
        class_names=tuple(facts["data"]["classes"]),
    )
    found.check(chosen, f"{folder.path}")
    return found


def _require_networks(folder: RunFolder) -> None:
    if not folder.database.is_file():
        return
    with Store.existing(folder.database) as store:
        if kind_of(store) == "table":
            raise RunError(
                f"{folder.path} holds an imported table, which has no networks to hand over"
            )
