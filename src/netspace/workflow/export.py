"""Handing over: a network, or a run's winner with its weights, as files."""

from collections.abc import Callable, Iterator
from pathlib import Path

from netspace.errors import RunError, UnknownNameError, UserError
from netspace.present.export import torch_source, yaml_text
from netspace.run.folder import copy_whole, write_whole
from netspace.workflow.exportable import (
    Exportable,
    exportable,
    preparation_of,
    require_winner_weights,
)

FORMATS = ("onnx", "torch", "yaml")


def export(
    source: str,
    to: str,
    output: Path | None = None,
    *,
    weights: Path | None = None,
    data: str | None = None,
    int8: str | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Path]:
    """Write a network (or a run's winner) in this format; the paths of the files written.

    onnx is a model for onnxruntime with a JSON that describes it. torch is one PyTorch source file
    that needs no netspace, its weights beside it. weights: of a network that is no run's. data:
    images to check, calibrate and name classes by; int8: static or dynamic, both for onnx alone.
    say: hears what was found out.
    """
    if to not in FORMATS:
        raise UnknownNameError.of("format", to, FORMATS)
    if to != "onnx" and (data is not None or int8 is not None):
        raise UserError(f"--data and --int8 belong to --to onnx, not to {to}; leave them out")
    if to == "yaml" and weights is not None:
        raise UserError("--weights do not go into YAML; use --to torch or onnx, or leave them out")
    chosen = exportable(source, weights)
    if to == "onnx":
        from netspace.workflow.export_onnx import export_onnx  # torch is slow to load

        yield from export_onnx(chosen, source, output, data=data, int8=int8, say=say)
    elif to == "torch":
        yield from _export_torch(chosen, source, output)
    else:
        target = chosen.target(output, source, ".yaml")
        write_whole(target, yaml_text(chosen.network))
        yield target


def _export_torch(chosen: Exportable, source: str, output: Path | None) -> Iterator[Path]:
    target = chosen.target(output, source, ".py")
    kept = chosen.weights
    if chosen.run is not None:
        kept = require_winner_weights(chosen.run, to="torch")
    if kept is None:
        write_whole(target, torch_source(chosen.network))
        yield target
        return
    weights = target.with_suffix(".safetensors")
    if weights == target:
        raise RunError(
            f"{target} cannot have its weights beside it; give the source another suffix than "
            ".safetensors"
        )
    write_whole(target, _source(chosen, weights.name))
    yield target
    copy_whole(kept, weights)
    yield weights


def _source(chosen: Exportable, weights: str) -> str:
    if chosen.run is None:
        return torch_source(chosen.network, weights=weights)
    known = preparation_of(chosen.run, chosen.network)
    return torch_source(
        chosen.network,
        class_names=known.class_names,
        mean=known.mean,
        std=known.std,
        weights=weights,
    )
