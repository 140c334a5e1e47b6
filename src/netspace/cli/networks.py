"""Commands about networks: count, sample, scale, draw."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netspace.cli.options import (
    Classes,
    Flops,
    Json,
    NetworkName,
    Out,
    Params,
    Resolution,
    Seed,
    SkipBroken,
)
from netspace.cli.telling import command_line, print_result, size_range, tell_scaling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netspace.spaces.sampling import Interval, Sample
    from netspace.spaces.space import Space
    from netspace.workflow.latency_limit import Within
    from netspace.workflow.scale import Searching, Wish

_LATENCY = "measured here, one image, one thread: at most 5ms, or 4ms..5ms"
_METHODS = "compound (if left out), depth, width, resolution or fast"


def count(
    network: NetworkName,
    resolution: Resolution = None,
    classes: Classes = None,
    channels: Annotated[int | None, typer.Option(min=1, help="channels of the image")] = None,
    as_json: Json = False,
) -> None:
    """Count a network's flops, params and activations, per image."""
    from netspace.design.units import parse_resolution
    from netspace.design.zoo import network as find
    from netspace.present import text

    counted = find(network).for_input(
        resolution=None if resolution is None else parse_resolution(resolution),
        classes=classes,
        channels=channels,
    )
    for caution in text.cautions(counted):
        print(f"note: {caution}", file=sys.stderr)
    print_result(text.count_json(counted) if as_json else text.count_text(counted))


def sample(
    space: Annotated[str, typer.Argument(help="such as anynetx_a or regnetx", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="how many distinct networks")],
    flops: Flops = None,
    params: Params = None,
    activations: Annotated[str | None, typer.Option(help="like ..5M")] = None,
    stages: Annotated[str | None, typer.Option(help="number of stages, like 2..4")] = None,
    latency: Annotated[str | None, typer.Option(help=_LATENCY)] = None,
    resolution: Annotated[int, typer.Option(min=4, help="pixels")] = 224,
    classes: Annotated[int, typer.Option(min=1, help="number of classes")] = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    output: Annotated[Path | None, typer.Option("-o", help="write one JSON line each")] = None,
) -> None:
    """Draw distinct networks of a space that keep to ranges of cost, and of latency here."""
    from netspace.present import text
    from netspace.run.folder import write_whole
    from netspace.spaces.families import space as named

    whole = named(space, resolution=resolution, classes=classes)
    ranges = {"flops": flops, "params": params, "activations": activations, "stages": stages}
    within = {name: size_range(written) for name, written in ranges.items()}
    drawn, timed = _sampled(whole, count, seed, within, latency, resolution)
    remarks = None if timed is None else timed.sentences
    latencies = text.NONE if timed is None else timed.milliseconds
    for sentence in text.sample_remarks(whole, drawn, remarks):
        print(sentence, file=sys.stderr)
    if output is not None:
        write_whole(output, text.sample_lines(drawn, latencies))
    if as_json:
        estimated = () if timed is None else timed.missing
        print_result(text.sample_json(whole, drawn, latencies, estimated))
    elif output is None:
        print_result(text.sample_text(drawn, latencies))


def _sampled(
    whole: "Space",
    count: int,
    seed: int,
    within: "Mapping[str, Interval]",
    latency: str | None,
    resolution: int,
) -> "tuple[Sample, Within | None]":
    """The networks, and where a latency is wanted what they take."""

    def draw(size: int) -> "Sample":
        return whole.sample(size, seed=seed, **within)

    if latency is None:
        return draw(count), None
    from netspace.workflow.latency_limit import sample_within  # torch, which sampling does without

    timed = sample_within(draw, count, latency, resolution=resolution, say=_tell)
    return timed.sample, timed


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def scale(
    network: NetworkName,
    factor: Annotated[float | None, typer.Option(help="of the flops, like 2")] = None,
    flops: Annotated[str | None, typer.Option(help="multiply-adds wanted, like 800M")] = None,
    params: Annotated[str | None, typer.Option(help="parameters wanted, like 10M")] = None,
    activations: Annotated[str | None, typer.Option(help="activations wanted")] = None,
    latency: Annotated[str | None, typer.Option(help="wanted here, one image: 5ms")] = None,
    preset: Annotated[str | None, typer.Option(help="EfficientNet's factors: b0 to b7")] = None,
    by: Annotated[str | None, typer.Option(help=_METHODS)] = None,
    alpha: Annotated[float | None, typer.Option(help="compound: of depth, 1.2")] = None,
    beta: Annotated[float | None, typer.Option(help="compound: of width, 1.1")] = None,
    gamma: Annotated[float | None, typer.Option(help="compound: of resolution, 1.15")] = None,
    resolution: Resolution = None,
    output: Annotated[Path | None, typer.Option("-o", help="YAML file for the result")] = None,
    search: Annotated[bool, typer.Option("--search", help="train a grid on --data")] = False,
    data: Annotated[str | None, typer.Option(help="images to search on")] = None,
    time: Annotated[str | None, typer.Option(help="time of a search; 1h if left out")] = None,
    seeds: Annotated[int | None, typer.Option(min=2, help="of a search; 2 if left out")] = None,
    out: Out = None,
    seed: Seed = 0,
    skip_broken: SkipBroken = False,
    as_json: Json = False,
) -> None:
    """Scale a network to a factor or a cost; or search how to scale it, on images."""
    from netspace.workflow import scale as workflow

    costs = {"flops": flops, "params": params, "activations": activations}
    costs |= {"latency": latency, "preset": preset}
    bases = {"alpha": alpha, "beta": beta, "gamma": gamma}
    wish = workflow.Wish(
        network=network, resolution=resolution, factor=factor, by=by, costs=costs, bases=bases
    )
    how = workflow.Searching(data=data, time=time, seeds=seeds, out=out, skip_broken=skip_broken)
    if search:
        _search(wish, how, output, seed, as_json=as_json)
    else:
        how.refuse()
        print_result(workflow.scale(wish, output, as_json=as_json))


def _search(
    wish: "Wish", how: "Searching", output: Path | None, seed: int, *, as_json: bool
) -> None:
    from netspace.workflow.scale_search import search
    from netspace.workflow.watch import Reporter

    folder = search(wish, how, output, seed=seed, watcher=Reporter(), command=command_line())
    tell_scaling(folder, as_json=as_json)


def draw(
    network: NetworkName,
    output: Annotated[Path, typer.Option("-o", help="SVG file to write")],
    widths: Annotated[bool, typer.Option("--widths", help="widths along the depth")] = False,
    resolution: Resolution = None,
) -> None:
    """Draw a network: stem, stages and head, and what each of them costs."""
    from netspace.design.units import parse_resolution
    from netspace.design.zoo import network as find
    from netspace.present import draw as pictures
    from netspace.present.width_plot import draw_widths
    from netspace.run.folder import write_whole

    size = None if resolution is None else parse_resolution(resolution)
    shown = find(network).for_input(resolution=size)
    write_whole(output, draw_widths(shown) if widths else pictures.draw(shown))
    print_result(str(output))
