"""The commands put together, and what becomes of their errors."""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from netspace.cli import (
    contests,
    estimates,
    exports,
    latencies,
    networks,
    populations,
    runs,
    searches,
    web,
)
from netspace.errors import NetspaceError, UserError

INTERRUPTED = 130

app = typer.Typer(
    name="netspace",
    help="Find a convolutional network that fits your images and your budget, and see why.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "design": runs.design,
    "search": searches.search,
    "run": runs.run,
    "count": networks.count,
    "sample": networks.sample,
    "status": runs.status,
    "compare": populations.compare,
    "refine": populations.refine,
    "fidelity": populations.fidelity,
    "proxies": estimates.proxies,
    "import": populations.import_table,
    "scale": networks.scale,
    "contest": contests.contest,
    "latency": latencies.latency,
    "draw": networks.draw,
    "report": runs.report,
    "export": exports.export,
    "ui": web.ui,
}
for name, command in _COMMANDS.items():
    app.command(name)(command)


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
