"""The command that searches."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netspace.cli.options import Flops, Json, Out, Params, Seed, SkipBroken
from netspace.cli.telling import command_line, print_result, tell_result

if TYPE_CHECKING:
    from netspace.workflow.search import ByProxy, OnTable, Wish

_STRATEGY = "random, evolution, surrogate, controller, tpe, gp, nsga2 or cmaes"
_CATEGORIES = "parameters of the table whose values are names: a,b"
_ESTIMATE = "training, or a score without it: synflow, naswot, gradient_norm, flops or params"
_OBJECTIVE = "accuracy within limits, soft or hard (accuracy x (cost / target)^w), or pareto"


def search(
    study: Annotated[Path | None, typer.Argument(help="a study file", show_default=False)] = None,
    space: Annotated[str | None, typer.Option(help="such as efficientnet or regnetx")] = None,
    strategy: Annotated[str | None, typer.Option(help=_STRATEGY)] = None,
    data: Annotated[str | None, typer.Option(help="images, or a built-in name")] = None,
    flops: Flops = None,
    params: Params = None,
    activations: Annotated[str | None, typer.Option(help="like ..5M")] = None,
    latency: Annotated[
        str | None, typer.Option(help="limit here, one image: 5ms; of soft and hard the target")
    ] = None,
    objective: Annotated[str | None, typer.Option(help=_OBJECTIVE)] = None,
    cost: Annotated[
        str | None, typer.Option(help="flops, params, activations, latency; pareto: up to two")
    ] = None,
    w: Annotated[float | None, typer.Option(help="exponent; soft -0.07, hard -1")] = None,
    time: Annotated[str | None, typer.Option(help="time to spend; 20m if left out")] = None,
    networks: Annotated[int | None, typer.Option(min=1, help="or so many networks")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="of so many epochs")] = None,
    halving: Annotated[
        bool, typer.Option("--halving", help="train briefly, only the best third goes on")
    ] = False,
    resolution: Annotated[int | None, typer.Option(min=4, help="pixels; images are fitted")] = None,
    table: Annotated[
        str | None, typer.Option(help="DIR or DIR:SPACE: an imported table instead of training")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="of searches on a table; 20")] = None,
    categories: Annotated[str | None, typer.Option(help=_CATEGORIES)] = None,
    fitted: Annotated[
        bool, typer.Option("--fitted", help="search --space by an estimate fitted to --table")
    ] = False,
    estimate: Annotated[str | None, typer.Option(help=_ESTIMATE)] = None,
    output: Annotated[
        Path | None, typer.Option("-o", help="YAML file for the best network by --estimate")
    ] = None,
    out: Out = None,
    seed: Seed = 0,
    skip_broken: SkipBroken = False,
    as_json: Json = False,
) -> None:
    """Let a strategy search a space for the best network on your images."""
    from netspace.workflow import search as workflow

    limits = {"flops": flops, "params": params, "activations": activations, "latency": latency}
    weighing = workflow.Weighing(objective=objective, cost=cost, w=w, limits=limits)
    size = workflow.Size(time=time, networks=networks, epochs=epochs, halving=halving)
    wish = workflow.Wish(
        data=data,
        space=space,
        strategy=strategy,
        weighing=weighing,
        size=size,
        resolution=resolution,
        seed=seed,
        skip_broken=skip_broken,
    )
    on = workflow.OnTable(table=table, seeds=seeds, categories=categories, fitted=fitted)
    by = workflow.ByProxy(estimate=estimate, output=output)
    if by.wanted:
        _by_proxy(wish, on, by, study, out, as_json=as_json)
        return
    by.refuse()
    if table is not None:
        _on_table(wish, on, study, out, as_json=as_json)
        return
    on.refuse()
    _by_training(wish, study, out, as_json=as_json)


def _by_training(wish: "Wish", study: Path | None, out: Path | None, *, as_json: bool) -> None:
    from netspace.workflow.design import design
    from netspace.workflow.search import search_study
    from netspace.workflow.watch import Reporter

    if study is not None:
        wish.refuse()
        found = search_study(study, out, Reporter(), command=command_line())
    else:
        request = wish.request
        folder = out or Path("runs") / wish.name
        found = design(request, folder, Reporter(), command=command_line())
    tell_result(found, as_json=as_json)


def _on_table(
    wish: "Wish", on: "OnTable", study: Path | None, out: Path | None, *, as_json: bool
) -> None:
    from netspace.errors import UserError
    from netspace.present.table_search_text import table_search_json, table_search_text
    from netspace.workflow.table_search import search_table

    if study is not None or out is not None:
        raise UserError("a search on a table makes no run: leave out --out and the study file")
    found = search_table(on.wish(wish))
    print_result(table_search_json(found) if as_json else table_search_text(found))


def _by_proxy(
    wish: "Wish",
    on: "OnTable",
    by: "ByProxy",
    study: Path | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    from netspace.present.proxy_search_text import proxy_search_json, proxy_search_text
    from netspace.workflow.proxy_search import search_by_proxy
    from netspace.workflow.watch import Reporter

    what = by.study(wish, on, **{"the study file": study, "--out": out})
    found = search_by_proxy(by.estimate or "", what, Reporter(), by.output)
    print_result(proxy_search_json(found) if as_json else proxy_search_text(found))
