"""The command that shows the page in the browser."""

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from netspace.cli.telling import print_result
from netspace.errors import UserError

LOCAL = "127.0.0.1"


def ui(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="run folders, or folders of them; runs if left out", show_default=False
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8050,
    host: Annotated[str, typer.Option(help="address to bind")] = LOCAL,
    open_browser: Annotated[bool, typer.Option("--open", help="open a browser")] = False,
) -> None:
    """Look at networks and runs in the browser; ends with ctrl-C."""
    try:
        from netspace.present.web.serving import address, bound, own
    except ModuleNotFoundError as fault:
        if fault.name not in ("dash", "flask", "werkzeug"):
            raise
        raise UserError("dash is not installed; pip install 'netspace[web]'") from None
    with bound(_existing(folders), host=host, port=port) as server:
        if not own(host):
            print(
                f"warning: bound to {host}: whoever reaches this machine can read these runs; "
                "there is no password",
                file=sys.stderr,
            )
        print_result(address(server))
        print("ctrl-C ends it", file=sys.stderr)
        if open_browser:
            webbrowser.open(address(server))
        server.serve_forever()  # until ctrl-C, which it takes as the end


def _existing(folders: list[Path] | None) -> tuple[Path, ...]:
    """The folders to look in. Raises UserError for one that was named and is not there."""
    for folder in folders or ():
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; give run folders, or folders of them")
    return tuple(folders or (Path("runs"),))
