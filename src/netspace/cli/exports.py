"""The command that hands networks over to other tools."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from netspace.cli.telling import print_result

_SOURCE = "a zoo name, a YAML file, or a run's folder"
_TO = "onnx (for onnxruntime), torch (plain PyTorch source) or yaml"
_WEIGHTS = "of a network that is no run's: .safetensors"
_DATA = "onnx: images to check, calibrate and name the classes by; a run knows its own"
_INT8 = "onnx: static (calibrated on images) or dynamic; a second file in 8-bit integers"


def export(
    source: Annotated[str, typer.Argument(help=_SOURCE, show_default=False)],
    to: Annotated[str, typer.Option(help=_TO)],
    output: Annotated[Path | None, typer.Option("-o", help="file to write")] = None,
    weights: Annotated[Path | None, typer.Option(help=_WEIGHTS)] = None,
    data: Annotated[str | None, typer.Option(help=_DATA)] = None,
    int8: Annotated[str | None, typer.Option(help=_INT8)] = None,
) -> None:
    """Hand over a network, or the winner of a run with its weights."""
    from netspace.workflow.export import export as hand_over

    files = hand_over(source, to, output, weights=weights, data=data, int8=int8, say=_say)
    for written in files:
        print_result(str(written))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
