"""What commands print and ask."""

import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netspace.run.folder import RunFolder


def print_result(text: str) -> None:
    """Print a result on stdout."""
    print(text.rstrip("\n"), flush=True)


def tell_result(folder: "RunFolder", *, as_json: bool = False) -> None:
    """Print what came out of a run."""
    from netspace.present import text
    from netspace.workflow.record import read_record
    from netspace.workflow.summary import summary, summary_text

    record = read_record(folder)
    if as_json:
        print_result(summary_text(record))
    else:
        print_result(text.result_text(summary(record), folder.path))


def tell_scaling(folder: "RunFolder", *, as_json: bool = False) -> None:
    """Print what came out of a scaling study."""
    from netspace.present.scaling_text import scaling_result_text
    from netspace.workflow.scaling import read_scaling
    from netspace.workflow.scaling_summary import scaling_summary, scaling_summary_text

    record = read_scaling(folder)
    if as_json:
        print_result(scaling_summary_text(record))
    else:
        print_result(scaling_result_text(scaling_summary(record), folder.path))


def ask(question: str) -> str:
    """The user's answer; empty where nobody answers."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def size_range(written: str | None) -> tuple[float | None, float | None] | None:
    """The ends of a range of sizes as written."""
    from netspace.design.units import parse_range

    return None if written is None else parse_range(written)


def command_line() -> str:
    """The command as it was given."""
    return shlex.join(["netspace", *sys.argv[1:]])
