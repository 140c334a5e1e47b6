"""The command line: thin commands over the library.

Results go to stdout, progress and remarks to stderr. Exit codes: 0 done, 1 ours, 2 the user's
mistake (one line), 130 interrupted and resumable. Commands import what they need when they run, so
that `--help` is quick.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from netspace.errors import NetspaceError, UserError

if TYPE_CHECKING:
    from netspace.run.folder import RunFolder
    from netspace.workflow.scale import Searching, Wish

INTERRUPTED = 130

app = typer.Typer(
    name="netspace",
    help="Find a convolutional network that fits your images and your budget, and see why.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

NetworkName = Annotated[str, typer.Argument(help="a zoo name, or a YAML file", show_default=False)]
Resolution = Annotated[str | None, typer.Option(help="224, or 224x320 (height x width)")]
Classes = Annotated[int | None, typer.Option(min=1, help="number of classes")]
Out = Annotated[Path | None, typer.Option(help="folder of the run; a run in it is resumed")]
Seed = Annotated[int, typer.Option(min=0, help="seed of all random choices")]
SkipBroken = Annotated[bool, typer.Option(help="leave out images that do not decode")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document")]
Flops = Annotated[str | None, typer.Option(help="multiply-adds, like 360M..400M or ..1G")]
Params = Annotated[str | None, typer.Option(help="parameters, like ..6M")]

_THESE = "only these columns are parameters: a,b_* (names or patterns)"
_ALL_BUT = "all other columns of numbers but these are: a,b_*"
Margin = Annotated[
    float | None, typer.Option(help="points that do not matter; 0.5 if left out, 5 for the chance")
]
_ESTIMANDS = "best_of_10, mean, or chance (that one of B is lower); {} if left out"

_METHODS = "compound (if left out), depth, width, resolution or fast"


def main() -> NoReturn:
    """Run the command line and exit."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        code = app(standalone_mode=False)
    except UserError as fault:
        _leave(2, str(fault))
    except NetspaceError as fault:
        _leave(1, str(fault))
    except _USAGE_ERROR as fault:
        _leave(2, fault.format_message() or "see --help")
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:  # typer turns an interrupt inside a command into this code
        _leave(code, "interrupted; run the same command again to go on")
    sys.exit(code or 0)


_USAGE_ERROR: Any = typer.BadParameter.__base__


def _leave(code: int, message: str) -> NoReturn:
    print(f"netspace: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


@app.command()
def design(
    data: Annotated[str, typer.Option(help="a folder of images, or a built-in name like digits")],
    flops: Annotated[str, typer.Option(help="budget of multiply-adds: 5M, or 5M..6M")],
    params: Annotated[str | None, typer.Option(help="limit on parameters, like 1M")] = None,
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
        budget=Budget(flops=flops, params=params),
        resolution=resolution,
        time=parse_duration(time),
        seed=seed,
        skip_broken=skip_broken,
    )
    folder = out or Path("runs") / f"{Path(data).name}-{flops}"
    _tell_result(workflow.design(request, folder, Reporter(), command=_command()))


@app.command()
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
        _tell_result(run_study(wanted, folder, Reporter(), command=_command()))
    else:
        _tell_scaling(run_scaling(wanted, folder, Reporter(), command=_command()))


@app.command()
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
    _print(text.count_json(counted) if as_json else text.count_text(counted))


@app.command()
def sample(
    space: Annotated[str, typer.Argument(help="such as anynetx_a or regnetx", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="how many distinct networks")],
    flops: Flops = None,
    params: Params = None,
    activations: Annotated[str | None, typer.Option(help="like ..5M")] = None,
    stages: Annotated[str | None, typer.Option(help="number of stages, like 2..4")] = None,
    resolution: Annotated[int, typer.Option(min=4, help="pixels")] = 224,
    classes: Annotated[int, typer.Option(min=1, help="number of classes")] = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    output: Annotated[Path | None, typer.Option("-o", help="write one JSON line each")] = None,
) -> None:
    """Draw distinct networks of a space that keep to ranges of cost."""
    from netspace.present import text
    from netspace.run.folder import write_whole
    from netspace.spaces.families import space as named

    whole = named(space, resolution=resolution, classes=classes)
    drawn = whole.sample(
        count,
        seed=seed,
        flops=_range(flops),
        params=_range(params),
        activations=_range(activations),
        stages=_range(stages),
    )
    for sentence in text.sample_remarks(whole, drawn):
        print(sentence, file=sys.stderr)
    if output is not None:
        write_whole(output, text.sample_lines(drawn))
    if as_json:
        _print(text.sample_json(whole, drawn))
    elif output is None:
        _print(text.sample_text(drawn))


@app.command()
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
    _print(text.status_json(counts, trials) if as_json else text.status_text(counts, trials))


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="DIR or DIR:SPACE", show_default=False)],
    b: Annotated[str, typer.Argument(help="DIR or DIR:SPACE", show_default=False)],
    until_decided: Annotated[
        bool, typer.Option("--until-decided", help="train more networks until it is decided")
    ] = False,
    margin: Margin = None,
    estimand: Annotated[str, typer.Option(help=_ESTIMANDS.format("best_of_10"))] = "best_of_10",
    at_most: Annotated[int, typer.Option(help="networks a side, with --until-decided")] = 500,
    force: Annotated[bool, typer.Option(help="compare despite other data or recipes")] = False,
    as_json: Json = False,
) -> None:
    """Compare two populations by the errors of their networks."""
    from netspace.analyse.estimands import named
    from netspace.workflow import compare as workflow
    from netspace.workflow.deciding import compare_until_decided
    from netspace.workflow.summary import comparison_json
    from netspace.workflow.watch import Reporter

    first, second = workflow.side(a), workflow.side(b)
    terms = workflow.Terms(estimand=named(estimand), margin=margin, force=force)
    if until_decided:
        found = compare_until_decided(first, second, terms, at_most=at_most, watcher=Reporter())
    else:
        found = workflow.compare_populations(first, second, terms)
    if as_json:
        _print(json.dumps(comparison_json(first.space, second.space, found), indent=2))
    else:
        _print(found.sentence(first.space, second.space))
        if until_decided:
            print("note: this holds whenever one stops", file=sys.stderr)
        elif found.rough:
            print("note: the interval is rough: fewer than 30 networks on a side", file=sys.stderr)


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help=".csv, .csv.gz or .parquet", show_default=False)],
    out: Annotated[Path, typer.Option(help="folder of the run to make")],
    error: Annotated[str | None, typer.Option(help="column of errors in percent")] = None,
    accuracy: Annotated[str | None, typer.Option(help="or accuracies; of 1: top1:share")] = None,
    flops: Annotated[str | None, typer.Option(help="column; in millions: macs:M (K, M, G)")] = None,
    params: Annotated[str | None, typer.Option(help="column, like flops")] = None,
    activations: Annotated[str | None, typer.Option(help="column, like flops")] = None,
    space: Annotated[str | None, typer.Option(help="column that tells populations apart")] = None,
    name: Annotated[str | None, typer.Option(help="column of the networks' names")] = None,
    parameters: Annotated[str | None, typer.Option(help=_THESE)] = None,
    without: Annotated[str | None, typer.Option(help=_ALL_BUT)] = None,
) -> None:
    """Make a run of a table of results made elsewhere."""
    from netspace.present.table_text import imported_text
    from netspace.workflow.importing import import_file
    from netspace.workflow.table_populations import ImportRequest

    request = ImportRequest(
        error=error,
        accuracy=accuracy,
        flops=flops,
        params=params,
        activations=activations,
        space=space,
        name=name,
        parameters=parameters,
        without=without,
    )
    found = import_file(file, request, out, command=_command())
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    _print(imported_text(found.tables, found.names, found.left_out, out))


@app.command()
def refine(
    population: Annotated[str, typer.Argument(help="DIR or DIR:SPACE", show_default=False)],
    auto: Annotated[bool, typer.Option("--auto", help="walk on its own, asking nothing")] = False,
    at_most: Annotated[int, typer.Option(min=1, help="networks the walk may train")] = 300,
    margin: Margin = None,
    estimand: Annotated[str | None, typer.Option(help=_ESTIMANDS.format("mean"))] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="of the walk; 0 if left out")] = None,
    as_json: Json = False,
) -> None:
    """Narrow a space by rules that are shown to help or to cost nothing."""
    from netspace.analyse.estimands import named
    from netspace.present import refinement_text as words
    from netspace.workflow import refine as workflow
    from netspace.workflow.asking import Asking
    from netspace.workflow.walk import Automatic
    from netspace.workflow.watch import Reporter

    wanted = workflow.Wanted(
        at_most=at_most,
        margin=margin,
        estimand=None if estimand is None else named(estimand),
        seed=seed,
    )
    if as_json and not auto:
        _print(words.proposals_json(*workflow.proposals(population, wanted)))
        return
    reporter = Reporter()
    guide = Automatic(reporter.say) if auto else Asking(_ask)
    refined = workflow.refine(population, wanted, guide, reporter)
    _print(words.refined_json(refined) if as_json else words.refined_text(refined))


@app.command()
def fidelity(
    folder: Annotated[Path, typer.Argument(help="a finished run's folder", show_default=False)],
    networks: Annotated[int | None, typer.Option(help="to retrain; 12 if left out")] = None,
    times: Annotated[
        int | None, typer.Option(help="so many times the epochs for the longer; 3 if left out")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure whether a run's short schedule ranks networks as a longer one would."""
    from netspace.present import fidelity_words as words
    from netspace.workflow.fidelity import Wish, measure_fidelity
    from netspace.workflow.watch import Reporter

    measured = measure_fidelity(folder, Wish(networks=networks, times=times), Reporter())
    tell = words.fidelity_document if as_json else words.fidelity_text
    _print(tell(*measured))


@app.command()
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
        _print(workflow.scale(wish, output, as_json=as_json))


def _search(
    wish: "Wish", how: "Searching", output: Path | None, seed: int, *, as_json: bool
) -> None:
    from netspace.workflow.scale_search import search
    from netspace.workflow.watch import Reporter

    folder = search(wish, how, output, seed=seed, watcher=Reporter(), command=_command())
    _tell_scaling(folder, as_json=as_json)


@app.command()
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
    _print(str(output))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="a run's folder", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("-o", help="file; DIR/report.html if left out")
    ] = None,
) -> None:
    """Write a run's report, finished or not, as one HTML file."""
    from netspace.run.folder import RunFolder, write_whole
    from netspace.workflow.report import report_text

    target = output or RunFolder(folder).report
    write_whole(target, report_text(RunFolder(folder)))
    _print(str(target))


@app.command()
def export(
    source: Annotated[str, typer.Argument(help="a network, or a run's folder", show_default=False)],
    to: Annotated[str, typer.Option(help="torch (plain PyTorch source) or yaml")],
    output: Annotated[Path | None, typer.Option("-o", help="file to write")] = None,
) -> None:
    """Hand over a network, or the winner of a run with its weights."""
    from netspace.workflow.export import export as hand_over

    for written in hand_over(source, to, output):
        _print(str(written))


def _tell_result(folder: "RunFolder") -> None:
    from netspace.present import text
    from netspace.workflow.record import read_record
    from netspace.workflow.summary import summary

    _print(text.result_text(summary(read_record(folder)), folder.path))


def _tell_scaling(folder: "RunFolder", *, as_json: bool = False) -> None:
    from netspace.present.scaling_text import scaling_result_text
    from netspace.workflow.scaling import read_scaling
    from netspace.workflow.scaling_summary import scaling_summary, scaling_summary_text

    record = read_scaling(folder)
    if as_json:
        _print(scaling_summary_text(record))
    else:
        _print(scaling_result_text(scaling_summary(record), folder.path))


def _ask(question: str) -> str:
    """The user's answer; empty where nobody answers."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _range(written: str | None) -> tuple[float | None, float | None] | None:
    from netspace.design.units import parse_range

    return None if written is None else parse_range(written)


def _command() -> str:
    return shlex.join(["netspace", *sys.argv[1:]])


def _print(text: str) -> None:
    print(text.rstrip("\n"), flush=True)


if __name__ == "__main__":
    main()
