"""Handing over: a network, or a run's winner with its weights, as files."""

from collections.abc import Iterator
from pathlib import Path

from netspace.design.zoo import network
from netspace.errors import RunError, UnknownNameError
from netspace.present.export import torch_source, yaml_text
from netspace.run.folder import RunFolder, copy_whole, write_whole
from netspace.run.store import Store
from netspace.workflow.session import kind_of

FORMATS = ("torch", "yaml")
SUFFIXES = {"torch": ".py", "yaml": ".yaml"}


def export(source: str, to: str, output: Path | None = None) -> Iterator[Path]:
    """Write a network (or a run's winner) in this format; the paths of the files written.

    torch is one PyTorch source file that needs no netspace; for a run, its weights lie beside it.
    """
    if to not in FORMATS:
        raise UnknownNameError.of("format", to, FORMATS)
    folder = RunFolder(Path(source))
    if not folder.path.is_dir():
        chosen = network(source)
        target = output or Path(f"{chosen.name or Path(source).stem}{SUFFIXES[to]}")
        write_whole(target, torch_source(chosen) if to == "torch" else yaml_text(chosen))
        yield target
        return
    _require_networks(folder)
    if not folder.winner.is_file():
        raise RunError(f"{folder.path} holds no winner (yet); finish the run first")
    chosen = network(str(folder.winner))
    if to == "torch":
        _require_weights(folder)
    target = output or folder.path / f"network{SUFFIXES[to]}"
    weights = target.with_suffix(".safetensors")
    if to == "torch" and (weights == target or not folder.winner_weights.is_file()):
        raise RunError(
            f"{target} cannot have its weights beside it: give the source another suffix than "
            f".safetensors, and keep {folder.winner_weights} in place"
        )
    if to == "yaml":
        write_whole(target, yaml_text(chosen))
        yield target
        return
    with Store.existing(folder.database) as store:
        images = store.fact("data")
        mean, std = store.fact("mean"), store.fact("std")
    source_text = torch_source(
        chosen, class_names=images["classes"], mean=mean, std=std, weights=weights.name
    )
    write_whole(target, source_text)
    yield target
    copy_whole(folder.winner_weights, weights)
    yield weights


def _require_networks(folder: RunFolder) -> None:
    if not folder.database.is_file():
        return
    with Store.existing(folder.database) as store:
        if kind_of(store) == "table":
            raise RunError(
                f"{folder.path} holds an imported table, which has no networks to hand over"
            )


def _require_weights(folder: RunFolder) -> None:
    with Store.existing(folder.database) as store:
        if kind_of(store) == "scaling":
            raise RunError(
                f"{folder.path}: a search of scalings keeps no weights; use --to yaml, or export "
                f"{folder.winner} for its source alone"
            )
