"""A grid search over alpha, beta and gamma, as the command line asks for it."""

from math import isfinite
from pathlib import Path

from netspace.design.units import parse_duration
from netspace.errors import UserError
from netspace.run.folder import RunFolder, copy_whole
from netspace.workflow.scale import Searching, Wish
from netspace.workflow.scaling import ScalingRequest, search_scaling
from netspace.workflow.watch import Watcher


def search(
    wish: Wish,
    how: Searching,
    output: Path | None,
    *,
    seed: int,
    watcher: Watcher,
    command: str,
) -> RunFolder:
    """Start or resume a grid search; the run's folder. The best network goes to `output`."""
    if how.data is None:
        raise UserError("--search trains networks and needs images: add --data")
    for name in (*wish.given_bases, *(["by"] if wish.by else [])):
        raise UserError(f"--search tries alpha, beta and gamma: leave out --{name}")
    for name in wish.given_costs:
        raise UserError(f"--search scales by a factor: leave out --{name}, give --factor 2")
    factor = 2.0 if wish.factor is None else wish.factor
    if not isfinite(factor):
        raise UserError(f"factor {factor} must be a finite number above 1")
    start = wish.start
    request = ScalingRequest(
        network=start,
        data=how.data.rstrip("/") or how.data,
        factor=factor,
        seeds=how.seeds or 2,
        time=parse_duration(how.time or "1h"),
        seed=seed,
        skip_broken=how.skip_broken,
    )
    name = f"{start.name or 'network'}-x{factor:g}-{Path(how.data).name}"
    folder = search_scaling(request, how.out or Path("runs") / name, watcher, command=command)
    if output is not None and folder.winner.is_file():
        copy_whole(folder.winner, output)
    return folder
