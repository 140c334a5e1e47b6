"""Commands about populations: compare, import, refine, fidelity."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from netspace.cli.options import Json
from netspace.cli.telling import ask, command_line, print_result

_THESE = "only these columns are parameters: a,b_* (names or patterns)"
_ALL_BUT = "all other columns of numbers but these are: a,b_*"
_ESTIMANDS = "best_of_10, mean, or chance (that one of B is lower); {} if left out"

Margin = Annotated[
    float | None, typer.Option(help="points that do not matter; 0.5 if left out, 5 for the chance")
]


def compare(
    a: Annotated[str, typer.Argument(help="DIR or DIR:SPACE", show_default=False)],
    b: Annotated[str, typer.Argument(help="DIR or DIR:SPACE", show_default=False)],
    until_decided: Annotated[
        bool, typer.Option("--until-decided", help="train more networks until it is decided")
    ] = False,
    margin: Margin = None,
    estimand: Annotated[str, typer.Option(help=_ESTIMANDS.format("best_of_10"))] = "best_of_10",
    at_most: Annotated[
        int | None, typer.Option(help="networks a side, with --until-decided; 500 if left out")
    ] = None,
    force: Annotated[bool, typer.Option(help="compare despite other data or recipes")] = False,
    as_json: Json = False,
) -> None:
    """Compare two populations by the errors of their networks."""
    from netspace.analyse.estimands import named
    from netspace.errors import UserError
    from netspace.workflow import compare as workflow
    from netspace.workflow.deciding import compare_until_decided
    from netspace.workflow.summary import comparison_json
    from netspace.workflow.watch import Reporter

    if at_most is not None and not until_decided:
        raise UserError("--at-most does nothing without --until-decided: add it, or leave that out")
    first, second = workflow.side(a), workflow.side(b)
    terms = workflow.Terms(estimand=named(estimand), margin=margin, force=force)
    for obstacle in workflow.require_alike(first, second, force=force):
        print(f"note: {obstacle}", file=sys.stderr)
    if until_decided:
        most = 500 if at_most is None else at_most
        found = compare_until_decided(first, second, terms, at_most=most, watcher=Reporter())
    else:
        found = workflow.compare_populations(first, second, terms)
    if as_json:
        print_result(json.dumps(comparison_json(first.space, second.space, found), indent=2))
    else:
        print_result(found.sentence(first.space, second.space))
        if until_decided:
            print("note: this holds whenever one stops", file=sys.stderr)
        elif found.rough:
            print("note: the interval is rough: fewer than 30 networks on a side", file=sys.stderr)


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
    found = import_file(file, request, out, command=command_line())
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    print_result(imported_text(found.tables, found.names, found.left_out, out))


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
        print_result(words.proposals_json(*workflow.proposals(population, wanted)))
        return
    reporter = Reporter()
    guide = Automatic(reporter.say) if auto else Asking(ask)
    refined = workflow.refine(population, wanted, guide, reporter)
    print_result(words.refined_json(refined) if as_json else words.refined_text(refined))


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
    print_result(tell(*measured))
