"""Commands about runs: design, run, status, report."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from netspace.cli.options import Json, Out, Seed, SkipBroken
from netspace.cli.telling import command_line, print_result, tell_result, tell_scaling


def design(
    data: Annotated[str, typer.Option(help="a folder of images, or a built-in name like digits")],
    flops: Annotated[str, typer.Option(help="budget of multiply-adds: 5M, or 5M..6M")],
    params: Annotated[str | None, typer.Option(help="limit on parameters, like 1M")] = None,
    latency: Annotated[str | None, typer.Option(help="limit here, one image: 5ms")] = None,
    resolution: Annotated[int | None, typer.Option(min=4, help="pixels; images are fitted")] = None,
    time: Annotated[str, typer.Option(help="time to spend, like 20m or 1h30m")] = "20m",
    out: Out = None,
    seed: Seed = 0,
    skip_broken: SkipBroken = False,
) -> None:
    """Sample, train and compare networks within a budget; choose one and say why."""
    from netspace.config import Budget
    from netspace.design.units import parse_duration
    from netspace.workflow import design as workflow
    from netspace.workflow.watch import Reporter

    request = workflow.Request(
        data=data.rstrip("/") or data,
        budget=Budget(flops=flops, params=params, latency=latency),
        resolution=resolution,
        time=parse_duration(time),
        seed=seed,
        skip_broken=skip_broken,
    )
    folder = out or Path("runs") / f"{Path(data).name}-{flops}"
    tell_result(workflow.design(request, folder, Reporter(), command=command_line()))


def run(
    study: Annotated[Path, typer.Argument(help="a study file (YAML)", show_default=False)],
    out: Out = None,
) -> None:
    """Start or resume the run of a study file."""
    from netspace.config import Study, load_study
    from netspace.workflow.scaling import run_scaling
    from netspace.workflow.study import run_study
    from netspace.workflow.watch import Reporter

    wanted, folder = load_study(study), out or Path("runs") / study.stem
    if isinstance(wanted, Study):
        tell_result(run_study(wanted, folder, Reporter(), command=command_line()))
    else:
        tell_scaling(run_scaling(wanted, folder, Reporter(), command=command_line()))


def status(
    folder: Annotated[Path, typer.Argument(help="a run's folder", show_default=False)],
    as_json: Json = False,
) -> None:
    """Say how far a run is."""
    from netspace.present import text
    from netspace.run.folder import RunFolder
    from netspace.run.store import Store

    run_folder = RunFolder(folder)
    with Store.existing(run_folder.database) as store:
        counts, trials = store.counts(), store.standings()
    if counts["running"] and not run_folder.in_use:
        print("note: no process is at work; what was running is begun again", file=sys.stderr)
    print_result(text.status_json(counts, trials) if as_json else text.status_text(counts, trials))


def report(
    folder: Annotated[Path, typer.Argument(help="a run's folder", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("-o", help="file; DIR/report.html if left out")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="of a search: a run of random networks beside it")
    ] = None,
) -> None:
    """Write a run's report, finished or not, as one HTML file."""
    from netspace.run.folder import RunFolder, write_whole
    from netspace.workflow.report import report_text

    target = output or RunFolder(folder).report
    write_whole(target, report_text(RunFolder(folder), baseline=baseline))
    print_result(str(target))
