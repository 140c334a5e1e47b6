"""The command about latency."""

from typing import Annotated

import typer

from netspace.cli.options import Classes, Json, Resolution
from netspace.cli.telling import print_result

_BACKENDS = (
    "eager, channels_last, compile, onnx, onnx_int8_dynamic, onnx_int8_static; several with commas "
    "or by repeating it; eager, channels_last and onnx, where installed, if left out"
)
_SOURCES = "zoo names, YAML files, folders of runs (their winners), .jsonl files of sample -o"

Sources = Annotated[list[str], typer.Argument(help=_SOURCES, show_default=False)]


def latency(
    networks: Sources,
    backend: Annotated[list[str] | None, typer.Option(help=_BACKENDS)] = None,
    batch: Annotated[int, typer.Option(min=1, help="images in a batch")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="threads to compute on")] = 1,
    resolution: Resolution = None,
    classes: Classes = None,
    rounds: Annotated[
        int | None, typer.Option(min=6, help="in each of them all run; 9 if left out")
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(
            min=1, help="of each network in a round; 3 to 20, about a minute, if left out"
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps")] = "cpu",
    as_json: Json = False,
) -> None:
    """Measure how long networks take here, by backend, and which differences are real."""
    from netspace.design.units import parse_resolution
    from netspace.present.latency_json import latency_json
    from netspace.present.latency_text import latency_text
    from netspace.workflow.latency import Wish, measure
    from netspace.workflow.network_sources import networks_of
    from netspace.workflow.watch import Reporter

    wish = Wish(
        backends=None if backend is None else tuple(",".join(backend).split(",")),
        batch_size=batch,
        threads=threads,
        rounds=rounds,
        runs=runs,
        device=device,
    )
    size = None if resolution is None else parse_resolution(resolution)
    found = networks_of(networks, resolution=size, classes=classes)
    report = measure(found, wish, Reporter())
    print_result(latency_json(report) if as_json else latency_text(report))
