"""The command that sets networks against each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netspace.cli.options import Json, Out
from netspace.cli.telling import command_line, print_result

if TYPE_CHECKING:
    from netspace.run.folder import RunFolder


def contest(
    study: Annotated[Path, typer.Argument(help="a contest's study file", show_default=False)],
    out: Out = None,
    again: Annotated[
        bool, typer.Option("--measure-again", help="measure the latencies once more")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train networks of all origins alike, at equal cost; say which differences are real."""
    from netspace.workflow.contest import run_contest
    from netspace.workflow.contest_file import load_contest
    from netspace.workflow.watch import Reporter

    wanted, folder = load_contest(study), out or Path("runs") / study.stem
    found = run_contest(wanted, folder, Reporter(), command=command_line(), again=again)
    _tell(found, as_json=as_json)


def _tell(folder: "RunFolder", *, as_json: bool) -> None:
    from netspace.present.contest_summary import contest_summary, contest_summary_text
    from netspace.present.contest_text import contest_result_text
    from netspace.workflow.contest_result import read_contest

    record = read_contest(folder)
    if as_json:
        print_result(contest_summary_text(record))
    else:
        print_result(contest_result_text(contest_summary(record), folder.path))
