"""Commands about estimates of a network's quality."""

from pathlib import Path
from typing import Annotated

import typer

from netspace.cli.options import Json
from netspace.cli.telling import print_result


def proxies(
    folder: Annotated[Path, typer.Argument(help="a run's folder", show_default=False)],
    as_json: Json = False,
) -> None:
    """Check whether estimates made without training rank a run's networks as training did."""
    from netspace.present import proxies_text as words
    from netspace.workflow.proxies import check_proxies
    from netspace.workflow.watch import Reporter

    check = check_proxies(folder, Reporter())
    print_result(words.proxies_json(check) if as_json else words.proxies_text(check))
