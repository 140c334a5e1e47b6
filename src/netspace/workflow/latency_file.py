"""The latency model of this machine: measured once for a resolution, and kept in a file."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netspace.design.layers import Activation
from netspace.design.network import Network
from netspace.design.serial import read, to_plain
from netspace.errors import InfeasibleError, NetspaceError, StorageError
from netspace.present.wording import duration
from netspace.run.folder import write_whole
from netspace.spaces.families import space
from netspace.spaces.ranges import Floats
from netspace.train.build import ACTIVATIONS
from netspace.train.device import Compute, device
from netspace.train.latency_model import Check, LatencyModel, Timed
from netspace.train.layer_times import measure_networks, measure_operations
from netspace.train.operations import NUMBERS, Operation, operations

FORMAT = 1
"""Changes with what a file holds; files of another format are measured anew."""

FITTING_SPACES = ("regnetx", "regnety", "efficientnet", "resnet")
"""Between them they have all kinds of convolutions, and squeezes."""

BANDS = ((2e6, 3e6), (5e6, 7e6), (12e6, 16e6), (30e6, 40e6))
"""Flops of the fitting networks at 32x32; they grow with the pixels to the power of 3/4."""

PER_BAND = 3
"""Networks of each fitting space in each band."""

PROBES = 16
"""Sizes of maps at which every kind of activation is measured, whether a network has it or not."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How operations and whole networks are measured, in milliseconds."""

    operations: Callable[[Sequence[Operation]], Floats] = measure_operations
    networks: Callable[[Sequence[Network]], Floats] = measure_networks


def cache_folder() -> Path:
    """Where the user's programs keep what they can make again."""
    chosen = os.environ.get("XDG_CACHE_HOME")
    return (Path(chosen) if chosen else Path.home() / ".cache") / "netspace"


def latency_model(
    resolution: int, say: Say, *, measures: Measures | None = None, folder: Path | None = None
) -> LatencyModel:
    """The model of this machine for images of this side: read, or measured and kept.

    A file of another machine, version of torch or netspace, or one that cannot be read, is
    measured anew.
    """
    file = (folder or cache_folder()) / f"latency-{resolution}.json"
    known = _read(file)
    if known is not None:
        return known
    begin = time.monotonic()
    fitting = fitting_networks(resolution)
    asked = fitting_operations([network for _, network in fitting])
    say(
        f"Measuring {len(asked)} layers and {len(fitting)} networks at {resolution}x{resolution} "
        f"on this machine once, to predict latencies; kept in {file}."
    )
    model, timed = _measured(fitting, asked, measures or Measures())
    _keep(file, model, timed, say)
    assert model.check is not None
    say(
        f"That took {duration(time.monotonic() - begin)}. For spaces that the fit leaves out, "
        f"predictions are off by {model.check.median_percent:.0f} % in the median, and by at most "
        f"{model.check.p90_percent:.0f} % for nine in ten."
    )
    return model


def fitting_networks(
    resolution: int, spaces: Sequence[str] = FITTING_SPACES, per_band: int = PER_BAND
) -> list[tuple[str, Network]]:
    """Networks of these spaces, some in each band of flops, with the names of their spaces."""
    return [
        (name, network)
        for name in spaces
        for band in BANDS
        for network in _drawn(name, resolution, band, per_band)
    ]


def _drawn(name: str, resolution: int, band: tuple[float, float], count: int) -> Iterator[Network]:
    scale = (resolution / 32) ** 1.5
    whole = space(name, resolution=resolution, classes=10 if resolution <= 64 else 1000)
    try:
        yield from whole.sample(count, flops=(scale * band[0], scale * band[1]))
    except InfeasibleError:  # a space that has none so small
        return


def fitting_operations(networks: Sequence[Network]) -> list[Operation]:
    """All operations of the networks, and some of every activation."""
    found = {called.operation: None for network in networks for called in operations(network)}
    norms = [one for one in found if one.kind == "norm"]
    some = norms[:: max(1, len(norms) // PROBES)]
    for kind in _activations():
        found |= {replace(one, kind=kind): None for one in some}
    return list(found)


def _activations() -> Iterator[str]:
    own: tuple[Activation, ...] = tuple(ACTIVATIONS)
    for function in own:
        yield function
        if function not in ("sigmoid", "tanh"):
            yield f"{function} in place"


def _measured(
    fitting: Sequence[tuple[str, Network]], asked: Sequence[Operation], measures: Measures
) -> tuple[LatencyModel, list[Timed]]:
    times = dict(zip(asked, measures.operations(asked).tolist(), strict=True))
    latencies = measures.networks([network for _, network in fitting]).tolist()
    timed = [
        Timed(space=name, network=network, latency_ms=latency)
        for (name, network), latency in zip(fitting, latencies, strict=True)
    ]
    return LatencyModel.of(times, timed), timed


def _setting() -> dict[str, str]:
    """What the file depends on."""
    return {**Compute.of(device("cpu"), "fp32").setting(), "threads": "1"}


def _keep(file: Path, model: LatencyModel, timed: Sequence[Timed], say: Say) -> None:
    """Write the file whole; a cache that cannot be written is said, and does without."""
    document = {
        "format": FORMAT,
        "setting": _setting(),
        "operations": [[one.kind, *one.numbers, ms] for one, ms in model.times_ms.items()],
        "networks": [[one.space, to_plain(one.network), one.latency_ms] for one in timed],
        "check": to_plain(model.check),
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(document))
    except (OSError, StorageError) as fault:
        say(f"Note: the measurements could not be kept, and are made again next time ({fault}).")


def _read(file: Path) -> LatencyModel | None:
    """The model kept in a file; None if it is not there, of something else, or broken."""
    try:
        document: Any = json.loads(file.read_text("utf-8"))
        if document["format"] != FORMAT or document["setting"] != _setting():
            return None
        return _model(document)
    except (OSError, ValueError, LookupError, TypeError, NetspaceError):
        return None


def _model(document: Mapping[str, Any]) -> LatencyModel:
    times = {
        Operation(kind=kind, **dict(zip(NUMBERS, numbers, strict=True))): float(ms)
        for kind, *numbers, ms in document["operations"]
    }
    timed = [
        Timed(space=name, network=read(Network, plain), latency_ms=float(ms))
        for name, plain, ms in document["networks"]
    ]
    return replace(LatencyModel.fitted(times, timed), check=read(Check, document["check"]))
